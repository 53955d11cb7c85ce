/**
 * Reads PyTorch's file format before 1.6. The file has five pickles: a magic number, the format's version, properties
 * of the machine, the saved value, and the keys of the value's storages. After the pickles, each storage follows as its
 * number of elements and its bytes. Source: `_legacy_load` of `torch/serialization.py`.
 */
import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { unpickle } from '../pickle/unpickle.ts';
import { isKind, type PickleStorage, type PickleValue } from '../pickle/values.ts';
import { bitsOf } from '../safetensors/element-type.ts';
import { quote } from '../safetensors/header-json.ts';
import { readBytes } from './read-bytes.ts';
import { stateDict } from './state-dict.ts';
import { storageOf } from './storages.ts';
import type { StoredTensor } from './tensor-file.ts';
import { type StorageBytes, torchTensors } from './torch-tensors.ts';

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
const MAX_PICKLE_BYTES = 32 * 1024 * 1024;
const MAX_SMALL_PICKLE_BYTES = 64 * 1024;
const SIZE_BYTES = 8;

/** The tensors of the file by name. Throws an `InputError` that begins with `source`. */
export async function readTorchLegacy(file: FileHandle, source: string): Promise<Map<string, StoredTensor>> {
  const { size: fileBytes } = await file.stat();
  let position = 0;
  const storages = new Map<string, PickleStorage>();
  const next = (maxBytes: number, persistent?: typeof storageOf): PickleValue => {
    const end = Math.min(fileBytes, position + maxBytes);
    const { value, end: reached } = unpickle(file.fd, { begin: position, end, source, persistent });
    position = reached;
    return value;
  };
  if (next(MAX_SMALL_PICKLE_BYTES) !== MAGIC_NUMBER)
    throw new InputError(`${source}: expected a file of torch.save, got another pickle`);
  const version = next(MAX_SMALL_PICKLE_BYTES);
  if (version !== VERSION)
    throw new InputError(`${source}: expected version ${VERSION} of PyTorch's old format, got another`);
  const machine = next(MAX_SMALL_PICKLE_BYTES);
  const bigEndian = isKind(machine, 'dict') && machine.entries.get('little_endian') === false;
  const value = next(MAX_PICKLE_BYTES, (reader, id) => {
    const storage = storageOf(reader, id);
    const known = storages.get(storage.key);
    if (known && known.type !== storage.type)
      throw new InputError(`${source}: storage ${quote(storage.key)}: expected one type, got two`);
    if (!known) storages.set(storage.key, storage);
    return storage;
  });
  const keys = next(MAX_PICKLE_BYTES);
  const places = await locateStorages(file, { keys, storages, position, fileBytes, source });
  const locate = ({ key }: PickleStorage, where: string): StorageBytes => {
    const place = places.get(key);
    if (place === undefined) throw new InputError(`${where}: expected its storage ${quote(key)} in the file, got none`);
    return place;
  };
  return torchTensors(stateDict(value, source), { file, source, bigEndian, locate });
}

/** Locates all storages in sequence: each begins with its number of elements. */
async function locateStorages(
  file: FileHandle,
  {
    keys,
    storages,
    position,
    fileBytes,
    source,
  }: {
    keys: PickleValue;
    storages: ReadonlyMap<string, PickleStorage>;
    position: number;
    fileBytes: number;
    source: string;
  },
): Promise<Map<string, StorageBytes>> {
  if (!isKind(keys, 'list')) throw new InputError(`${source}: expected a list of storages, got something else`);
  const places = new Map<string, StorageBytes>();
  const size = Buffer.alloc(SIZE_BYTES);
  let at = position;
  for (const item of keys.items) {
    const key = String(typeof item === 'object' ? '' : item);
    const storage = storages.get(key);
    if (storage === undefined || places.has(key))
      throw new InputError(`${source}: expected each storage of its tensors once, got ${quote(key)}`);
    const where = `${source}: storage ${quote(key)}`;
    await readBytes(file, size, { position: at, source: where });
    const elements = size.readBigUInt64LE();
    const begin = at + SIZE_BYTES;
    const elementBytes = BigInt(storage.type === undefined ? 1 : bitsOf(storage.type) / 8);
    if (elements * elementBytes > BigInt(fileBytes - begin))
      throw new InputError(
        `${where}: expected ${elements} numbers, got ${fileBytes - begin} bytes (is the file cut off?)`,
      );
    at = begin + Number(elements * elementBytes);
    places.set(key, { begin, end: at });
  }
  if (at !== fileBytes)
    throw new InputError(`${source}: expected the end of the file at byte ${at}, got ${fileBytes - at} bytes more`);
  return places;
}
