/** The tensors of a PyTorch file as `StoredTensor`s: views of byte ranges that were checked against the file. */
import type { FileHandle } from 'node:fs/promises';
import { formatShape } from '@heed/autodiff';
import { InputError } from '../errors.ts';
import { elementsNeeded } from '../pickle/tensors.ts';
import { isKind, type PickleArray, type PickleStorage, type PickleTensor } from '../pickle/values.ts';
import { bitsOf, decoderOf, isNumberType } from '../safetensors/element-type.ts';
import { quote } from '../safetensors/header-json.ts';
import { readStrided } from './strided.ts';
import type { StoredTensor } from './tensor-file.ts';

/**
 * Views may overlap, and so repeat values of their storage. All views together may have four times as many values as
 * the file stores, plus `MAX_REPEATED`.
 */
const MAX_REPEATED = 2 ** 24;

/** The place of a storage: bytes [begin, end) of the file. */
export interface StorageBytes {
  readonly begin: number;
  readonly end: number;
}

export interface TorchTensorOptions {
  file: FileHandle;
  /** The beginning of every error message. */
  source: string;
  bigEndian: boolean;
  /** Locates a storage in the file. Throws an `InputError` when the file has no such storage. */
  locate: (storage: PickleStorage, where: string) => StorageBytes;
}

/**
 * Checks each tensor against the bytes of its storage. Throws an `InputError` that names the tensor. Overlapping views
 * are limited, so that a small file cannot demand much memory.
 */
export function torchTensors(
  described: ReadonlyMap<string, PickleTensor>,
  { file, source, bigEndian, locate }: TorchTensorOptions,
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  const storages = new Set<string>();
  let stored = 0;
  let asked = 0;
  for (const [name, tensor] of described) {
    const where = `${source}: tensor ${quote(name)}`;
    const { storage, type, shape } = tensor;
    const bytes = bitsOf(type) / 8;
    const count = shape.reduce((product, size) => product * size, 1);
    asked += count;
    if (!isKind(storage, 'storage')) {
      tensors.set(name, {
        dtype: type,
        shape,
        read: async (target) => readArray(storage, tensor, { target, count, where }),
      });
      continue;
    }
    const { begin, end } = locate(storage, where);
    const skipped = storage.offset * (storage.type === undefined ? 1 : bytes);
    if (skipped + elementsNeeded(tensor) * bytes > end - begin)
      throw new InputError(`${where}: expected its storage to hold ${formatShape(shape)}, got ${end - begin} bytes`);
    if (!storages.has(storage.key)) stored += (end - begin) / bytes;
    storages.add(storage.key);
    const view = { type, begin: begin + skipped, offset: tensor.offset, shape, strides: tensor.strides, bigEndian };
    tensors.set(name, {
      dtype: type,
      shape,
      async read(target = new Float32Array(count)) {
        checkLength(target, count, where);
        await readStrided(file, view, { target, source: where });
        return target;
      },
    });
  }
  if (asked > 4 * stored + MAX_REPEATED)
    throw new InputError(
      `${source}: expected tensors of about ${stored} numbers as stored, got views that make ${asked} of them`,
    );
  return tensors;
}

function readArray(
  array: PickleArray | PickleStorage,
  { type }: PickleTensor,
  { target, count, where }: { target: Float32Array | undefined; count: number; where: string },
): Float32Array {
  const content = isKind(array, 'array') ? array.state?.bytes.content : undefined;
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  if (!isNumberType(type) || bytes?.length !== count * decoderOf(type).bytes)
    throw new InputError(`${where}: expected ${count} numbers of ${type}, got ${bytes?.length ?? 0} bytes`);
  const numbers = target ?? new Float32Array(count);
  checkLength(numbers, count, where);
  decoderOf(type).decode(bytes, numbers);
  return numbers;
}

export function checkLength(target: Float32Array, count: number, where: string): void {
  if (target.length !== count) throw new InputError(`${where}: expected ${target.length} numbers, got ${count}`);
}
