/** .npz files: what numpy wrote, what heed writes, and files that are made to do harm. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32, deflateRawSync } from 'node:zlib';
import { createRandom } from '@heed/autodiff';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { npyHeader, parseNpyHeader } from './npy-header.ts';
import { readNpz } from './read-npz.ts';
import { writeNpz } from './write-npz.ts';

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}.npz`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-npz-'));
});
afterAll(() => rm(folder, { recursive: true }));

const MATRIX = Float64Array.from([0.1, -2, 3e300, 4, 5, 6]);

async function faultOf(path: string, names = ['mu']): Promise<string> {
  const error = await readNpz(path, names).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).not.toContain('\n');
  expect((error as Error).message.length).toBeLessThan(500);
  return (error as Error).message;
}

describe('an archive that numpy wrote', () => {
  // tools/reference/make_npz.py
  it.each(['stored', 'deflated', 'columns', 'big-endian', 'version2'])('%s', async (name) => {
    const [sigma, mu] = await readNpz(golden(name), ['sigma', 'mu']);
    expect(sigma!.shape).toEqual([2, 3]);
    expect([...sigma!.data]).toEqual([0, 1, 2, 3, 4, 5].map((value) => value / 7));
    expect(mu!.shape).toEqual([3]);
    expect([...mu!.data]).toEqual([1, -2, 0.5]);
  });

  it('of float32 and of whole numbers', async () => {
    const [single, whole, scalar] = await readNpz(golden('types'), ['single', 'whole', 'scalar']);
    expect([...single!.data]).toEqual([Math.fround(0.1), -1]);
    expect([...whole!.data]).toEqual([-3, 2 ** 40]);
    expect([scalar!.shape, ...scalar!.data]).toEqual([[], 7]);
  });

  it('with more axes, in columns', async () => {
    const [cube] = await readNpz(golden('types'), ['cube']);
    expect(cube!.shape).toEqual([2, 3, 4]);
    expect([...cube!.data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  it('of Python objects, of texts or of half floats is refused', async () => {
    expect(await faultOf(golden('types'), ['objects'])).toMatch(
      /got Python objects, which are pickled and never opened$/,
    );
    expect(await faultOf(golden('types'), ['texts'])).toMatch(/expected numbers of type f8, f4, .* got type <U2$/);
    expect(await faultOf(golden('types'), ['pairs'])).toMatch(/expected a header with descr, fortran_order and shape/);
  });
});

describe('an archive that heed wrote', () => {
  it('comes back, with the same bytes each time', async () => {
    const path = join(folder, 'own.npz');
    const arrays = new Map([
      ['mu', { shape: [2, 3], data: MATRIX }],
      ['count', { shape: [], data: Float64Array.of(7) }],
    ]);
    await writeNpz(path, arrays);
    const bytes = await readFile(path);
    const [count, mu] = await readNpz(path, ['count', 'mu']);
    expect([...mu!.data]).toEqual([...MATRIX]);
    expect([count!.shape, ...count!.data]).toEqual([[], 7]);
    await writeNpz(path, arrays);
    expect(Buffer.compare(bytes, await readFile(path))).toBe(0);
  });

  it('has shapes that fit', async () => {
    const arrays = new Map([['mu', { shape: [5], data: MATRIX }]]);
    await expect(writeNpz(join(folder, 'bad.npz'), arrays)).rejects.toThrow(
      'array mu: expected numbers for [5], got 6',
    );
  });
});

/** An archive of one entry mu.npy; `change` touches its parts before they are put together. */
async function archive(
  content: Buffer,
  { deflate = false, claimed, crc }: { deflate?: boolean; claimed?: number; crc?: number } = {},
): Promise<string> {
  const packed = deflate ? deflateRawSync(content) : content;
  const name = Buffer.from('mu.npy');
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(deflate ? 8 : 0, 4);
  common.writeUInt32LE(crc ?? crc32(content), 10);
  common.writeUInt32LE(packed.length, 14);
  common.writeUInt32LE(claimed ?? content.length, 18);
  common.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, name]);
  const central = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, Buffer.alloc(14), name]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  const path = join(folder, 'made.npz');
  await writeFile(path, Buffer.concat([local, packed, central, end]));
  return path;
}

const npy = (header: string, data = Buffer.alloc(0), version = 1): Buffer => {
  const start = Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([start, length, Buffer.from(header, 'latin1'), data]);
};
const HEADER = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";

describe('a hostile archive', () => {
  it('is read where nothing is wrong with it', async () => {
    for (const deflate of [false, true]) {
      const [mu] = await readNpz(await archive(npy(HEADER, Buffer.alloc(16)), { deflate }), ['mu']);
      expect([...mu!.data]).toEqual([0, 0]);
    }
  });

  it.each<[string, () => Promise<string>, RegExp]>([
    [
      'a stream that swells beyond its size',
      () => archive(Buffer.alloc(50_000_000), { deflate: true, claimed: 1000 }),
      /expected 1000 deflated bytes, got a damaged or a longer stream$/,
    ],
    [
      'a size beyond the limit',
      () => archive(Buffer.alloc(10), { deflate: true, claimed: 4_000_000_000 }),
      /expected at most 134217728 bytes, got 4000000000$/,
    ],
    [
      'a size that is too small',
      () => archive(npy(HEADER, Buffer.alloc(16)), { claimed: 5 }),
      /got compressed ones|expected/,
    ],
    [
      'another checksum',
      () => archive(npy(HEADER, Buffer.alloc(16)), { crc: 1 }),
      /bytes with the archive's checksum, got others$/,
    ],
    [
      'a shape beyond memory',
      () => archive(npy(HEADER.replace('(2,)', `(${2 ** 40}, ${2 ** 40})`))),
      /expected a shape that fits into memory/,
    ],
    [
      'a shape of more numbers than there are',
      () => archive(npy(HEADER.replace('(2,)', '(9000, 9000)'))),
      /expected 648000000 bytes for \[9000, 9000\], got 0$/,
    ],
    ['a shape of fewer numbers', () => archive(npy(HEADER, Buffer.alloc(24))), /expected 16 bytes for \[2\], got 24$/],
    ['a negative shape', () => archive(npy(HEADER.replace('(2,)', '(-2,)'))), /expected a header with descr/],
    ['a shape of expressions', () => archive(npy(HEADER.replace('(2,)', '(1 + 1,)'))), /expected a header with descr/],
    [
      'a header that calls functions',
      () => archive(npy("{'descr': __import__('os').system('true')}\n")),
      /expected a header with descr/,
    ],
    [
      'a header of thousands of digits',
      () => archive(npy(HEADER.replace('(2,)', `(${'1'.repeat(9000)}`))),
      /expected a header with descr/,
    ],
    [
      'a header of thousands of commas',
      () => archive(npy(HEADER.replace('(2,)', `(${'1,'.repeat(4000)})`))),
      /expected a header with descr/,
    ],
    [
      'a header longer than the file',
      () => archive(npy(HEADER).subarray(0, 30)),
      /expected a header of at most 30 bytes/,
    ],
    [
      'a header of megabytes',
      () => archive(npy(' '.repeat(2_000_000), Buffer.alloc(0), 2)),
      /expected a header of at most 10000 bytes, got 2000000$/,
    ],
    [
      'an unknown version',
      () => archive(npy(HEADER, Buffer.alloc(16), 9)),
      /expected version 1, 2 or 3 of numpy's format, got 9$/,
    ],
    ['no array', () => archive(Buffer.from('hello')), /expected an array of numpy, got other bytes$/],
    ['an empty entry', () => archive(Buffer.alloc(0), { deflate: true }), /expected/],
  ])('with %s is refused in one sentence', async (_, make, sentence) => {
    expect(await faultOf(await make())).toMatch(sentence);
  });

  it('that is missing, a folder or no archive is refused', async () => {
    expect(await faultOf(join(folder, 'none.npz'))).toMatch(/expected a readable .npz file, got nothing there$/);
    expect(await faultOf(folder)).toMatch(/expected a/);
    const path = join(folder, 'text.npz');
    await writeFile(path, 'mu,sigma\n1,2\n');
    expect(await faultOf(path)).toMatch(/expected a zip archive that ends with its directory, got none/);
    expect(await faultOf(golden('stored'), ['variance'])).toMatch(/expected an array "variance", got "mu", "sigma"$/);
  });

  it('with bytes changed, cut off or repeated is read or refused in one sentence', async () => {
    const whole = await readFile(golden('deflated'));
    const random = createRandom(11);
    const path = join(folder, 'mutated.npz');
    let refused = 0;
    for (let round = 0; round < 1200; round++) {
      const bytes = Buffer.from(whole);
      for (let change = 0; change <= random.integer(4); change++)
        bytes[random.integer(bytes.length)] = random.integer(256);
      const cut = round % 5 === 0 ? bytes.subarray(0, random.integer(bytes.length)) : bytes;
      await writeFile(path, round % 7 === 0 ? Buffer.concat([cut, cut]) : cut);
      const error = await readNpz(path, ['mu', 'sigma']).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error === undefined) continue;
      refused += 1;
      expect(error, (error as Error).stack).toBeInstanceOf(InputError);
      expect((error as Error).message).not.toContain('\n');
    }
    expect(refused).toBeGreaterThan(400);
  });
});

describe('the header of an array', () => {
  it.each([[[]], [[3]], [[2048, 2048]], [[1, 2, 3, 4]]])('%j is written as numpy does and read back', (shape) => {
    const header = npyHeader(shape);
    expect(header.length % 64).toBe(0);
    const { dataStart, shape: read, fortranOrder } = parseNpyHeader(header, 'x');
    expect({ dataStart, read, fortranOrder }).toEqual({ dataStart: header.length, read: shape, fortranOrder: false });
  });
});
