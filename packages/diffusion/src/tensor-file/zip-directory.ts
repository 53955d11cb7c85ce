/**
 * The directory of a zip archive, with the 64-bit extension (ZIP64). The directory is checked in full before an entry
 * is read: sizes against the file, entries against each other. Source: APPNOTE.TXT 6.3.10 of PKWARE. Entries may be
 * stored, or deflated if the caller allows it, but never encrypted.
 */
import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../errors.ts';
import { quote } from '../safetensors/header-json.ts';
import { readBytes } from './read-bytes.ts';

/** An entry's data: bytes [begin, end) of the file. */
export interface ZipEntry {
  readonly begin: number;
  readonly end: number;
  readonly isDeflated: boolean;
  /** Uncompressed size according to the directory. */
  readonly bytes: number;
  /** CRC-32 of the uncompressed bytes, according to the directory. */
  readonly crc: number;
}

const END = { signature: 0x06054b50, bytes: 22 };
const END64 = { signature: 0x06064b50, bytes: 56 };
const LOCATOR64 = { signature: 0x07064b50, bytes: 20 };
const CENTRAL = { signature: 0x02014b50, bytes: 46 };
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const MAX_COMMENT_BYTES = 0xffff;
const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;
const EXTRA64 = 1;
const ENCRYPTED = 1;
const STORED = 0;
const DEFLATED = 8;

interface Directory {
  readonly begin: number;
  readonly bytes: number;
  readonly entries: number;
}

interface Listed {
  readonly name: string;
  readonly nameBytes: number;
  readonly method: number;
  /** Compressed size in the file. */
  readonly packed: number;
  readonly bytes: number;
  readonly crc: number;
  /** Offset of the local header. */
  readonly offset: number;
}

/**
 * The entries of the archive by name. Throws an `InputError` that begins with `source`, also for a compressed entry
 * unless `allowDeflated`.
 */
export async function readZipDirectory(
  file: FileHandle,
  source: string,
  { allowDeflated = false }: { allowDeflated?: boolean } = {},
): Promise<Map<string, ZipEntry>> {
  const { size } = await file.stat();
  const directory = await findDirectory(file, size, source);
  const bytes = Buffer.alloc(directory.bytes);
  await readBytes(file, bytes, { position: directory.begin, source });
  const listed = parseDirectory(bytes, directory, { source, allowDeflated }).sort((a, b) => a.offset - b.offset);
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (const item of listed) {
    const where = `${source}: ${describeEntry(item.name)}`;
    if (item.offset < position)
      throw new InputError(`${where}: expected separate bytes, got an overlap with another entry`);
    const entry = await locate(file, item, { limit: directory.begin, where });
    if (entries.has(item.name)) throw new InputError(`${where}: expected it once, got it twice`);
    entries.set(item.name, entry);
    position = entry.end;
  }
  return entries;
}

async function findDirectory(file: FileHandle, size: number, source: string): Promise<Directory> {
  const cutOff = () =>
    new InputError(`${source}: expected a zip archive that ends with its directory, got none (is the file cut off?)`);
  if (size < END.bytes) throw cutOff();
  const tail = Buffer.alloc(Math.min(size, END.bytes + MAX_COMMENT_BYTES + LOCATOR64.bytes));
  await readBytes(file, tail, { position: size - tail.length, source });
  let at = tail.length - END.bytes;
  const isEnd = () =>
    tail.readUInt32LE(at) === END.signature && tail.readUInt16LE(at + 20) === tail.length - at - END.bytes;
  while (at >= 0 && !isEnd()) at--;
  if (at < 0) throw cutOff();
  const endAt = size - tail.length + at;
  const locatorAt = at - LOCATOR64.bytes;
  const has64 = locatorAt >= 0 && tail.readUInt32LE(locatorAt) === LOCATOR64.signature;
  if (!has64) {
    const entries = tail.readUInt16LE(at + 10);
    return checkDirectory(
      { begin: tail.readUInt32LE(at + 16), bytes: tail.readUInt32LE(at + 12), entries },
      endAt,
      source,
    );
  }
  const end64At = readSize(tail, locatorAt + 8, source);
  if (end64At > endAt - LOCATOR64.bytes - END64.bytes)
    throw new InputError(`${source}: expected the end of a 64-bit zip directory before byte ${endAt}, got ${end64At}`);
  const end64 = Buffer.alloc(END64.bytes);
  await readBytes(file, end64, { position: end64At, source });
  if (end64.readUInt32LE(0) !== END64.signature)
    throw new InputError(
      `${source}: expected the end of a 64-bit zip directory at byte ${end64At}, got something else`,
    );
  const entries = readSize(end64, 32, source);
  return checkDirectory(
    { begin: readSize(end64, 48, source), bytes: readSize(end64, 40, source), entries },
    end64At,
    source,
  );
}

function checkDirectory(directory: Directory, end: number, source: string): Directory {
  const { begin, bytes, entries } = directory;
  if (bytes > MAX_DIRECTORY_BYTES)
    throw new InputError(`${source}: expected a zip directory of at most ${MAX_DIRECTORY_BYTES} bytes, got ${bytes}`);
  if (begin + bytes > end)
    throw new InputError(
      `${source}: expected a zip directory before byte ${end}, got one that ends at ${begin + bytes}`,
    );
  if (entries * CENTRAL.bytes > bytes)
    throw new InputError(
      `${source}: expected ${entries} entries as the zip archive says, got a directory of ${bytes} bytes`,
    );
  return directory;
}

function parseDirectory(
  bytes: Buffer,
  { entries }: Directory,
  { source, allowDeflated }: { source: string; allowDeflated: boolean },
): Listed[] {
  const listed: Listed[] = [];
  let at = 0;
  for (let index = 0; index < entries; index++) {
    if (at + CENTRAL.bytes > bytes.length || bytes.readUInt32LE(at) !== CENTRAL.signature)
      throw new InputError(
        `${source}: expected entry ${index + 1} of ${entries} in the zip directory, got something else`,
      );
    const nameBytes = bytes.readUInt16LE(at + 28);
    const extraBytes = bytes.readUInt16LE(at + 30);
    const next = at + CENTRAL.bytes + nameBytes + extraBytes + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw new InputError(`${source}: expected a whole zip directory, got one that is cut off`);
    const name = bytes.toString('utf8', at + CENTRAL.bytes, at + CENTRAL.bytes + nameBytes);
    const where = `${source}: ${describeEntry(name)}`;
    if (bytes.readUInt16LE(at + 8) & ENCRYPTED)
      throw new InputError(`${where}: expected plain bytes, got encrypted ones`);
    const method = bytes.readUInt16LE(at + 10);
    const extra = bytes.subarray(at + CENTRAL.bytes + nameBytes, at + CENTRAL.bytes + nameBytes + extraBytes);
    const [size, packed, offset] = sizesOf(bytes, at, extra, where);
    const isStored = method === STORED && packed === size;
    if (!isStored && !(allowDeflated && method === DEFLATED)) {
      const expected = allowDeflated ? 'stored or deflated bytes' : 'bytes that are stored as torch.save does';
      throw new InputError(`${where}: expected ${expected}, got ${describeMethod(method)} ones`);
    }
    listed.push({ name, nameBytes, method, packed, bytes: size, crc: bytes.readUInt32LE(at + 16), offset });
    at = next;
  }
  return listed;
}

const KNOWN_ENTRY = /(?:^|\/)((?:data\/)?\d{1,9}|(?:data|constants)\.pkl|version|byteorder|\w{1,40}\.npy)$/;

/**
 * The name of an entry in error messages. Only names that PyTorch or numpy give are quoted, since others may be
 * private.
 */
function describeEntry(name: string): string {
  const known = KNOWN_ENTRY.exec(name)?.[1];
  return known === undefined ? 'an entry' : `entry ${quote(known)}`;
}

function describeMethod(method: number): string {
  return method === STORED || method === DEFLATED ? 'compressed' : `otherwise compressed (method ${method})`;
}

/**
 * An entry's size, compressed size and offset. Each value of 0xffffffff is replaced by the next value in the entry's
 * 64-bit extra field.
 */
function sizesOf(bytes: Buffer, at: number, extra: Buffer, where: string): [number, number, number] {
  const fields = [24, 20, 42].map((field) => bytes.readUInt32LE(at + field));
  if (!fields.includes(0xffffffff)) return fields as [number, number, number];
  for (let begin = 0; begin + 4 <= extra.length; ) {
    const end = begin + 4 + extra.readUInt16LE(begin + 2);
    if (end > extra.length) break;
    if (extra.readUInt16LE(begin) === EXTRA64) {
      let next = begin + 4;
      return fields.map((value) => {
        if (value !== 0xffffffff) return value;
        next += 8;
        if (next > end) throw new InputError(`${where}: expected its 64-bit sizes, got too few`);
        return readSize(extra, next - 8, where);
      }) as [number, number, number];
    }
    begin = end;
  }
  throw new InputError(`${where}: expected its 64-bit sizes, got none`);
}

/** The byte range of an entry's data, after its local header, whose fields must agree with the directory. */
async function locate(
  file: FileHandle,
  { name, nameBytes, method, packed, bytes, crc, offset }: Listed,
  { limit, where }: { limit: number; where: string },
): Promise<ZipEntry> {
  const header = Buffer.alloc(LOCAL.bytes + nameBytes);
  if (offset + header.length > limit)
    throw new InputError(`${where}: expected it before byte ${limit}, got an offset of ${offset}`);
  await readBytes(file, header, { position: offset, source: where });
  const agrees =
    header.readUInt32LE(0) === LOCAL.signature &&
    header.readUInt16LE(8) === method &&
    header.readUInt16LE(26) === nameBytes &&
    header.toString('utf8', LOCAL.bytes) === name;
  if (!agrees) throw new InputError(`${where}: expected its header at byte ${offset}, got something else`);
  const begin = offset + header.length + header.readUInt16LE(28);
  if (begin + packed > limit)
    throw new InputError(`${where}: expected ${packed} bytes before byte ${limit}, got ${Math.max(0, limit - begin)}`);
  return { begin, end: begin + packed, isDeflated: method === DEFLATED, bytes, crc };
}

function readSize(bytes: Buffer, at: number, source: string): number {
  const size = bytes.readBigUInt64LE(at);
  if (size > BigInt(Number.MAX_SAFE_INTEGER))
    throw new InputError(`${source}: expected a size that a file can have, got ${size}`);
  return Number(size);
}
