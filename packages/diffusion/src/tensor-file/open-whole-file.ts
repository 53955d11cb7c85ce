/**
 * Opens one file of weights: safetensors, or one of PyTorch's two formats. The file's content decides the format, not
 * its name.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { describeForeignFormat } from '../safetensors/foreign-format.ts';
import { MAX_HEADER_BYTES } from '../safetensors/header.ts';
import { readBytes } from './read-bytes.ts';
import { safetensorsTensors } from './safetensors-tensors.ts';
import type { StoredTensor, TensorFile } from './tensor-file.ts';
import { readTorchLegacy } from './torch-legacy.ts';
import { readTorchZip } from './torch-zip.ts';

const HEAD_BYTES = 512;
const LENGTH_BYTES = 8;

type Read = (file: FileHandle, source: string) => Promise<Map<string, StoredTensor>>;

/** Readers by the file's first bytes: a zip archive, or pickle's PROTO opcode and a protocol. */
const TORCH: readonly { readonly begins: readonly number[]; readonly read: Read }[] = [
  { begins: [0x50, 0x4b, 0x03, 0x04], read: readTorchZip },
  { begins: [0x50, 0x4b, 0x05, 0x06], read: readTorchZip },
  ...[2, 3, 4, 5].map((protocol) => ({ begins: [0x80, protocol], read: readTorchLegacy })),
];

/**
 * Opens the file at `path`. Names, types, shapes and places of all tensors are checked; no numbers are read. Pickles
 * are read as data by an allow-list, and nothing in them is run. Throws an `InputError` for a missing, damaged or
 * unsupported file, and for one that refers to anything but tensors and plain data.
 */
export async function openWholeFile(path: string): Promise<TensorFile> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `${path}: expected a readable file of weights, got ${error.code === 'ENOENT' ? 'nothing there' : error.message}`,
    );
  });
  try {
    return { path, close: () => file.close(), ...(await readTensorFile(file, path)) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readTensorFile(file: FileHandle, path: string): Promise<Pick<TensorFile, 'metadata' | 'tensors'>> {
  const stat = await file.stat();
  if (!stat.isFile())
    throw new InputError(`${path}: expected a file of weights, got something that is not a regular file`);
  const head = Buffer.alloc(Math.min(HEAD_BYTES, stat.size));
  await readBytes(file, head, { position: 0, source: path });
  // A safetensors file begins with the length of its header, which can look like the start of a pickle.
  if (head.length < LENGTH_BYTES || head.readBigUInt64LE() <= MAX_HEADER_BYTES) return safetensorsTensors(file, path);
  const torch = TORCH.find(({ begins }) => begins.every((byte, i) => head[i] === byte));
  if (torch) return { metadata: {}, tensors: await torch.read(file, path) };
  const got = describeForeignFormat(head) ?? 'neither';
  throw new InputError(`${path}: expected a file of weights, safetensors or written by torch.save, got ${got}`);
}
