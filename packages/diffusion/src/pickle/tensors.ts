/**
 * Storages and tensors as PyTorch pickles them. Each view is checked against its storage's size before the view is
 * used.
 */
import type { ElementType } from '../safetensors/element-type.ts';
import { fault, type Machine } from './machine.ts';
import {
  describeValue,
  isKind,
  type PickleArray,
  type PickleStorage,
  type PickleTensor,
  type PickleValue,
} from './values.ts';

const MAX_RANK = 16;

/**
 * Element type of each PyTorch storage class; null for the class of untyped bytes. Quantised types are not in the
 * table.
 */
export const STORAGES: Readonly<Record<string, ElementType | null>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  'torch.ComplexFloatStorage': 'C64',
  'torch.ComplexDoubleStorage': 'C128',
  'torch.UntypedStorage': null,
  'torch.storage.UntypedStorage': null,
  'torch.storage._UntypedStorage': null,
};

export const DTYPES: Readonly<Record<string, ElementType>> = {
  'torch.float64': 'F64',
  'torch.double': 'F64',
  'torch.float32': 'F32',
  'torch.float': 'F32',
  'torch.float16': 'F16',
  'torch.half': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.int64': 'I64',
  'torch.long': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint64': 'U64',
  'torch.uint32': 'U32',
  'torch.uint16': 'U16',
  'torch.uint8': 'U8',
  'torch.bool': 'BOOL',
  'torch.complex64': 'C64',
  'torch.complex128': 'C128',
};

/**
 * Makes a tensor from `(storage, offset, shape, strides, ...)`, the arguments of `_rebuild_tensor` and
 * `_rebuild_tensor_v2`.
 */
export function rebuildTensor(
  machine: Machine,
  [storage, offset, shape, strides]: readonly PickleValue[],
): PickleTensor {
  if (!isKind(storage, 'storage') || storage.type === undefined)
    throw fault(machine, `expected the storage of a tensor, got ${describeValue(storage)}`);
  return view(machine, { storage, type: storage.type, size: storage.size, offset, shape, strides });
}

/** Like `rebuildTensor`, with a dtype as the seventh argument and an untyped storage: `_rebuild_tensor_v3`. */
export function rebuildTyped(machine: Machine, args: readonly PickleValue[]): PickleTensor {
  const [storage, offset, shape, strides, , , dtype] = args;
  if (!isKind(storage, 'storage') || storage.type !== undefined)
    throw fault(machine, `expected an untyped storage, got ${describeValue(storage)}`);
  const type = isKind(dtype, 'global') && Object.hasOwn(DTYPES, dtype.path) ? DTYPES[dtype.path] : undefined;
  if (type === undefined) throw fault(machine, `expected the dtype of a tensor, got ${describeValue(dtype)}`);
  return view(machine, { storage, type, size: undefined, offset, shape, strides });
}

/**
 * Makes a tensor from `(array, dtype, device, requires_grad)`, where PyTorch wrote a device's tensor as a numpy array.
 */
export function rebuildFromArray(machine: Machine, [array]: readonly PickleValue[]): PickleTensor {
  if (!isKind(array, 'array') || array.state === undefined)
    throw fault(machine, `expected a numpy array, got ${describeValue(array)}`);
  const { shape, type } = array.state;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  return { kind: 'tensor', storage: array, type, offset: 0, shape, strides };
}

function view(
  machine: Machine,
  {
    storage,
    type,
    size,
    offset,
    shape,
    strides,
  }: {
    storage: PickleStorage | PickleArray;
    type: ElementType;
    /** Number of elements in the storage; undefined when only its bytes are known. */
    size: number | undefined;
    offset: PickleValue | undefined;
    shape: PickleValue | undefined;
    strides: PickleValue | undefined;
  },
): PickleTensor {
  const sizes = integers(machine, shape, 'a shape');
  const steps = integers(machine, strides, 'strides');
  if (steps.length !== sizes.length)
    throw fault(machine, `expected a stride for each of ${sizes.length} axes, got ${steps.length}`);
  const [start] = integers(machine, { kind: 'tuple', items: [offset ?? null] }, 'an offset') as [number];
  const tensor: PickleTensor = { kind: 'tensor', storage, type, offset: start, shape: sizes, strides: steps };
  const needed = elementsNeeded(tensor);
  if (size !== undefined && needed > size)
    throw fault(machine, `expected a tensor within its storage of ${size} numbers, got one that needs ${needed}`);
  return tensor;
}

/** Number of elements that a storage needs for the tensor. */
export function elementsNeeded({ offset, shape, strides }: PickleTensor): number {
  if (shape.includes(0)) return 0;
  return offset + 1 + shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
}

/** The items of a tuple or list of non-negative integers; throws for any other value. */
export function integers(machine: Machine, value: PickleValue | undefined, what: string): number[] {
  if (!isKind(value, 'tuple') && !isKind(value, 'list'))
    throw fault(machine, `expected ${what}, got ${describeValue(value)}`);
  if (value.items.length > MAX_RANK)
    throw fault(machine, `expected ${what} of at most ${MAX_RANK} axes, got ${value.items.length}`);
  return value.items.map((item) => {
    if (typeof item === 'number' && Number.isSafeInteger(item) && item >= 0) return item;
    throw fault(machine, `expected ${what} of integers from 0 to 2^53 - 1, got ${describeValue(item)}`);
  });
}
