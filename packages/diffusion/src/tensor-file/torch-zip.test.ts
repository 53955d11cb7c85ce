/** Zip archives that are no files of torch.save, or lie about their entries: each ends in one sentence. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { pickleOf } from '../testing/pickle-writer.ts';
import { torchLegacy, torchZip, zipOf } from '../testing/torch-file.ts';
import { loadTensors } from './read-tensors.ts';

const TENSORS = new Map([
  ['a', { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
  ['b', { shape: [3], data: Float32Array.of(5, 6, 7) }],
]);
const SIGNATURES = { central: 0x02014b50, end: 0x06054b50 };

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-torch-zip-'));
  path = join(folder, 'file.pth');
});
afterAll(() => rm(folder, { recursive: true }));

async function refusalOf(bytes: Buffer): Promise<string> {
  await writeFile(path, bytes);
  const error = await loadTensors(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message.startsWith(`${path}: `)).toBe(true);
  expect(message).not.toContain('\n');
  return message.slice(path.length + 2);
}

/** The offsets of the directory's entries, and of its end. */
function placesOf(bytes: Buffer): { entries: number[]; end: number } {
  const find = (signature: number, from: number) => {
    const wanted = Buffer.alloc(4);
    wanted.writeUInt32LE(signature);
    return bytes.indexOf(wanted, from);
  };
  const entries: number[] = [];
  for (let at = find(SIGNATURES.central, 0); at !== -1; at = find(SIGNATURES.central, at + 4)) entries.push(at);
  return { entries, end: find(SIGNATURES.end, 0) };
}

/** The archive with 32-bit numbers put into the entry of `data/0` (the third) of its directory. */
function withEntry(fields: Readonly<Record<number, number>>): Buffer {
  const bytes = torchZip(TENSORS);
  const at = placesOf(bytes).entries[2]!;
  for (const [offset, value] of Object.entries(fields)) bytes.writeUInt32LE(value, at + Number(offset));
  return bytes;
}

/** The archive with 64-bit ends of its directory put before the 32-bit one. */
function withEnd64({
  entries,
  size,
  begin,
  endAt,
}: {
  entries: bigint;
  size: bigint;
  begin?: bigint;
  endAt?: bigint;
}): Buffer {
  const bytes = torchZip(TENSORS);
  const { end } = placesOf(bytes);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50);
  end64.writeBigUInt64LE(entries, 32);
  end64.writeBigUInt64LE(size, 40);
  end64.writeBigUInt64LE(begin ?? BigInt(bytes.readUInt32LE(end + 16)), 48);
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50);
  locator.writeBigUInt64LE(endAt ?? BigInt(end), 8);
  return Buffer.concat([bytes.subarray(0, end), end64, locator, bytes.subarray(end)]);
}

describe('an archive', () => {
  test('with 64-bit ends, a comment or big-endian numbers is read', async () => {
    const bytes = torchZip(TENSORS);
    const { end, entries } = placesOf(bytes);
    const good = withEnd64({ entries: BigInt(entries.length), size: BigInt(bytes.readUInt32LE(end + 12)) });
    const comment = Buffer.concat([bytes, Buffer.from('made by a test')]);
    comment.writeUInt16LE(14, end + 20);
    const swapped = torchZip(
      new Map([...TENSORS].map(([name, { shape, data }]) => [name, { shape, data: swap(data) }])),
    );
    swapped.write('big   ', swapped.indexOf('little'));
    for (const one of [bytes, good, comment, swapped]) {
      await writeFile(path, one);
      expect([...(await loadTensors(path))]).toEqual([...TENSORS]);
    }
    swapped.write('PDP-11', swapped.indexOf('big   '));
    expect(await refusalOf(swapped)).toMatch(/expected the byte order little or big, got another/);
  });

  test.each<[what: string, bytes: () => Buffer, sentence: RegExp]>([
    ['with a size that lies', () => withEntry({ 20: 15, 24: 15 }), /expected 16 bytes in "data\/0", got 15/],
    [
      'with a size beyond the file',
      () => withEntry({ 20: 2 ** 31, 24: 2 ** 31 }),
      /expected 2147483648 bytes before byte \d+, got \d+/,
    ],
    [
      'with 64-bit sizes that are none',
      () => withEntry({ 20: 2 ** 32 - 1, 24: 2 ** 32 - 1 }),
      /expected its 64-bit sizes, got none/,
    ],
    [
      'with two sizes',
      () => withEntry({ 20: 12 }),
      /expected bytes that are stored as torch\.save does, got compressed/,
    ],
    [
      'with an offset beyond the file',
      () => withEntry({ 42: 2 ** 31 }),
      /expected it before byte \d+, got an offset of 2147483648/,
    ],
    [
      'with an offset within another entry',
      () => withEntry({ 42: 70 }),
      /expected its header at byte 70, got something|overlap/,
    ],
    ['with an entry that is another', () => withEntry({ 42: 0 }), /"data\/0": expected (its header|separate bytes)/],
    [
      'with a method that is none',
      () => withEntry({ 8: 0x63 << 16 }),
      /expected bytes that are stored as torch\.save does/,
    ],
    ['that is encrypted', () => withEntry({ 8: 0x801 }), /expected plain bytes, got encrypted ones/],
  ])('%s is refused', async (_, bytes, sentence) => {
    expect(await refusalOf(bytes())).toMatch(sentence);
  });

  test('whose entries are compressed, as a bomb has them, is refused before any is unpacked', async () => {
    const bytes = zipOf([['a/data.pkl', deflateRawSync(Buffer.alloc(2 ** 26))]]);
    const { entries } = placesOf(bytes);
    for (const at of [8, entries[0]! + 10]) bytes.writeUInt16LE(8, at);
    bytes.writeUInt32LE(2 ** 26, entries[0]! + 24);
    expect(await refusalOf(bytes)).toMatch(
      /"data\.pkl": expected bytes that are stored as torch\.save does, got compressed/,
    );
  });

  test('whose entries share their bytes is refused', async () => {
    const bytes = torchZip(TENSORS);
    const [, , first, second] = placesOf(bytes).entries as [number, number, number, number];
    // The second entry of numbers takes the place of the first, name and all: twice the same bytes under two names.
    bytes.writeUInt32LE(bytes.readUInt32LE(first + 42), second + 42);
    expect(await refusalOf(bytes)).toMatch(/expected separate bytes, got an overlap|expected its header/);
    const twice = zipOf([
      ['a/data.pkl', pickleOf(new Map())],
      ['a/data.pkl', pickleOf(new Map())],
    ]);
    expect(await refusalOf(twice)).toMatch(/entry "data\.pkl": expected it once, got it twice/);
  });

  test('with 64-bit nonsense is refused', async () => {
    const size = 250n;
    const cases: [bytes: Buffer, sentence: RegExp][] = [
      [withEnd64({ entries: 2n ** 64n - 1n, size }), /expected a size that a file can have, got 18446744073709551615/],
      [withEnd64({ entries: 2n ** 40n, size }), /expected 1099511627776 entries as the zip archive says/],
      [
        withEnd64({ entries: 5n, size: 2n ** 40n }),
        /expected a zip directory of at most 33554432 bytes, got 1099511627776/,
      ],
      [
        withEnd64({ entries: 5n, size, begin: 2n ** 50n }),
        /expected a zip directory before byte \d+, got one that ends at/,
      ],
      [withEnd64({ entries: 5n, size, begin: 0n }), /expected entry 1 of 5 in the zip directory, got something else/],
      [withEnd64({ entries: 5n, size, endAt: 2n ** 52n }), /expected the end of a 64-bit zip directory before byte/],
      [
        withEnd64({ entries: 5n, size, endAt: 3n }),
        /expected the end of a 64-bit zip directory at byte 3, got something else/,
      ],
    ];
    for (const [bytes, sentence] of cases) expect(await refusalOf(bytes)).toMatch(sentence);
  });

  test('of another kind is told', async () => {
    const pickle = pickleOf(new Map());
    expect(await refusalOf(zipOf([]))).toMatch(/expected a PyTorch file with data.pkl, got an empty zip archive/);
    expect(await refusalOf(zipOf([['word/document.xml', Buffer.from('x')]]))).toMatch(/got a zip archive without it/);
    expect(await refusalOf(zipOf([['a/b/data.pkl', pickle]]))).toMatch(/got a zip archive without it/);
    const script = zipOf([
      ['ViT-L-14/data.pkl', pickle],
      ['ViT-L-14/code/__torch__/multimodal/model.py', Buffer.from('class Model')],
      ['ViT-L-14/constants.pkl', pickle],
    ]);
    expect(await refusalOf(script)).toMatch(
      /expected weights, got a TorchScript archive, which is a program \(in Python: /,
    );
    expect(await refusalOf(torchZip(TENSORS).subarray(0, 700))).toMatch(
      /ends with its directory, got none \(is the file cut/,
    );
    expect(await refusalOf(Buffer.from('PK\x03\x04'.padEnd(40, 'x')))).toMatch(/ends with its directory, got none/);
  });

  test('may have its files at the top', async () => {
    await writeFile(path, zipOf([['data.pkl', pickleOf(new Map())]]));
    expect((await loadTensors(path)).size).toBe(0);
  });
});

describe('a file of the format before', () => {
  const machine = () => torchLegacy(TENSORS);

  test('with numbers of the other byte order is read', async () => {
    const bytes = torchLegacy(
      new Map([...TENSORS].map(([name, { shape, data }]) => [name, { shape, data: swap(data) }])),
    );
    const at = bytes.indexOf('little_endian') + 'little_endian'.length;
    expect(bytes[at]).toBe(0x88);
    bytes[at] = 0x89;
    await writeFile(path, bytes);
    expect([...(await loadTensors(path))]).toEqual([...TENSORS]);
  });

  test('that is damaged or of another program ends in one sentence', async () => {
    expect(await refusalOf(pickleOf(new Map([['a', 1]])))).toMatch(
      /expected a file of torch\.save, got another pickle/,
    );
    const version = machine();
    version.writeInt32LE(1002, version.indexOf(Buffer.from([0x80, 2, 0x4a])) + 3);
    expect(await refusalOf(version)).toMatch(/expected version 1001 of PyTorch's old format, got another/);
    const { length } = machine();
    expect(await refusalOf(machine().subarray(0, length - 1))).toMatch(
      /expected 3 numbers, got 11 bytes \(is the file cut off/,
    );
    expect(await refusalOf(machine().subarray(0, length - 14))).toMatch(
      /expected 8 bytes at \d+, got the end of the file/,
    );
    expect(await refusalOf(Buffer.concat([machine(), Buffer.alloc(3)]))).toMatch(
      /the end of the file at byte \d+, got 3 bytes more/,
    );
    const size = machine();
    size.writeBigUInt64LE(2n ** 63n, length - 20);
    expect(await refusalOf(size)).toMatch(/expected 9223372036854775808 numbers, got 12 bytes/);
    const fewer = machine();
    fewer.writeBigUInt64LE(2n, length - 20);
    expect(await refusalOf(fewer)).toMatch(/expected the end of the file at byte \d+, got 4 bytes more/);
  });
});

/** The same numbers with their bytes turned round. */
function swap(data: Float32Array): Float32Array {
  const bytes = Buffer.from(data.buffer.slice(0)).swap32();
  return new Float32Array(bytes.buffer, bytes.byteOffset, data.length);
}
