/** PyTorch's zip format (`torch.save` since 1.6): `data.pkl`, and a stored entry `data/KEY` for each storage. */
import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { unpickle } from '../pickle/unpickle.ts';
import type { PickleStorage } from '../pickle/values.ts';
import { bitsOf } from '../safetensors/element-type.ts';
import { quote } from '../safetensors/header-json.ts';
import { readBytes } from './read-bytes.ts';
import { stateDict } from './state-dict.ts';
import { storageOf } from './storages.ts';
import type { StoredTensor } from './tensor-file.ts';
import { type StorageBytes, torchTensors } from './torch-tensors.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

const MAX_PICKLE_BYTES = 32 * 1024 * 1024;

/** The tensors of the archive by name. Throws an `InputError` that begins with `source`. */
export async function readTorchZip(file: FileHandle, source: string): Promise<Map<string, StoredTensor>> {
  const entries = await readZipDirectory(file, source);
  const folder = folderOf(entries, source);
  const pickle = entries.get(`${folder}data.pkl`)!;
  if (pickle.end - pickle.begin > MAX_PICKLE_BYTES) {
    const got = pickle.end - pickle.begin;
    throw new InputError(`${source}: data.pkl: expected at most ${MAX_PICKLE_BYTES} bytes, got ${got}`);
  }
  const bigEndian = await isBigEndian(file, entries.get(`${folder}byteorder`), source);
  const { value } = unpickle(file.fd, { ...pickle, source: `${source}: data.pkl`, persistent: storageOf });
  const locate = (storage: PickleStorage, where: string): StorageBytes => {
    const entry = entries.get(`${folder}data/${storage.key}`);
    if (entry === undefined)
      throw new InputError(`${where}: expected an entry ${quote(`data/${storage.key}`)}, got none`);
    const bytes = storage.size * (storage.type === undefined ? 1 : bitsOf(storage.type) / 8);
    if (bytes !== entry.end - entry.begin)
      throw new InputError(
        `${where}: expected ${bytes} bytes in ${quote(`data/${storage.key}`)}, got ${entry.end - entry.begin}`,
      );
    return entry;
  };
  return torchTensors(stateDict(value, source), { file, source, bigEndian, locate });
}

/** The archive folder of `data.pkl`, with its slash. */
function folderOf(entries: ReadonlyMap<string, ZipEntry>, source: string): string {
  const folder = [...entries.keys()]
    .map((name) => /^(?:[^/]*\/)?(?=data\.pkl$)/.exec(name)?.[0])
    .find((f) => f !== undefined);
  if (folder === undefined) {
    const got = entries.size === 0 ? 'an empty zip archive' : 'a zip archive without it';
    throw new InputError(`${source}: expected a PyTorch file with data.pkl, got ${got}`);
  }
  const isScript =
    entries.has(`${folder}constants.pkl`) || [...entries.keys()].some((name) => name.startsWith(`${folder}code/`));
  if (isScript) {
    throw new InputError(
      `${source}: expected weights, got a TorchScript archive, which is a program (in Python: torch.save(torch.jit.load(path).state_dict(), "weights.pth"))`,
    );
  }
  return folder;
}

async function isBigEndian(file: FileHandle, entry: ZipEntry | undefined, source: string): Promise<boolean> {
  if (entry === undefined) return false;
  const bytes = Buffer.alloc(Math.min(16, entry.end - entry.begin));
  await readBytes(file, bytes, { position: entry.begin, source });
  const order = bytes.toString('latin1').trim();
  if (order === 'little' || order === 'big') return order === 'big';
  throw new InputError(`${source}: expected the byte order little or big, got another`);
}
