/** numpy's dtypes and arrays in a pickle. Scalars and arrays without a tensor type are skipped. */
import type { ElementType } from '../safetensors/element-type.ts';
import { fault, type Machine } from './machine.ts';
import { integers } from './tensors.ts';
import { describeValue, isKind, type PickleArray, type PickleDtype, type PickleValue } from './values.ts';

const TYPES: Readonly<Record<string, ElementType>> = {
  f8: 'F64',
  f4: 'F32',
  f2: 'F16',
  i8: 'I64',
  i4: 'I32',
  i2: 'I16',
  i1: 'I8',
  u8: 'U64',
  u4: 'U32',
  u2: 'U16',
  u1: 'U8',
  b1: 'BOOL',
};

/** `numpy.dtype(code, align, copy)`. */
export function numpyDtype(machine: Machine, [code]: readonly PickleValue[]): PickleDtype {
  if (typeof code !== 'string') throw fault(machine, `expected the code of a numpy dtype, got ${describeValue(code)}`);
  const bare = /^[<>|=]?(\w+)$/.exec(code)?.[1] ?? '';
  return { kind: 'dtype', type: Object.hasOwn(TYPES, bare) ? TYPES[bare] : undefined, bigEndian: code.startsWith('>') };
}

/** Sets the byte order of a dtype from its pickled state, `(version, byte order, ...)`. */
export function setByteOrder(machine: Machine, dtype: PickleDtype, state: PickleValue): void {
  const order = isKind(state, 'tuple') ? state.items[1] : undefined;
  if (typeof order !== 'string')
    throw fault(machine, `expected the byte order of a numpy dtype, got ${describeValue(order)}`);
  dtype.bigEndian = order === '>';
}

/** Reads the pickled state of an array, `(version, shape, dtype, column-major, bytes)`. */
export function numpyArrayState(machine: Machine, state: PickleValue): PickleArray['state'] {
  if (!isKind(state, 'tuple')) throw fault(machine, `expected the state of a numpy array, got ${describeValue(state)}`);
  const [, shape, dtype, columnMajor, bytes] = state.items;
  return arrayState(machine, { shape, dtype, bytes, isRowMajor: columnMajor === false });
}

/** Makes the array of the call `_frombuffer(bytes, dtype, shape, order)`, which is how protocol 5 writes an array. */
export function numpyFromBuffer(machine: Machine, [bytes, dtype, shape, order]: readonly PickleValue[]): PickleArray {
  return { kind: 'array', state: arrayState(machine, { shape, dtype, bytes, isRowMajor: order === 'C' }) };
}

/** The array's data; undefined for an array that heed cannot convert to a tensor. */
function arrayState(
  machine: Machine,
  {
    shape,
    dtype,
    bytes,
    isRowMajor,
  }: Record<'shape' | 'dtype' | 'bytes', PickleValue | undefined> & { isRowMajor: boolean },
): PickleArray['state'] {
  if (!isKind(dtype, 'dtype') || dtype.type === undefined || dtype.bigEndian) return undefined;
  if (!isRowMajor || !isKind(bytes, 'bytes')) return undefined;
  return { shape: integers(machine, shape, 'a shape'), type: dtype.type, bytes };
}
