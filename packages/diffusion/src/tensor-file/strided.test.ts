/** Views that span more than one window of the reader, against plain indexing. */
import { type FileHandle, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { readStrided } from './strided.ts';

/** 12 MiB of float32: three windows. */
const COUNT = 3 * 2 ** 20;
const START = 4;
const value = (i: number) => (i * 7) % 65_521;

let folder: string;
let file: FileHandle;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-strided-'));
  const path = join(folder, 'numbers');
  const numbers = Float32Array.from({ length: COUNT }, (_, i) => value(i));
  await writeFile(path, Buffer.concat([Buffer.alloc(START), new Uint8Array(numbers.buffer)]));
  file = await open(path, 'r');
});
afterAll(async () => {
  await file.close();
  await rm(folder, { recursive: true });
});

interface View {
  offset: number;
  shape: number[];
  strides: number[];
}

async function read({ offset, shape, strides }: View): Promise<Float32Array> {
  const target = new Float32Array(shape.reduce((product, size) => product * size, 1));
  await readStrided(file, { type: 'F32', begin: START, offset, shape, strides }, { target, source: 'numbers' });
  return target;
}

/** Element by element, in row-major order. */
function expected({ offset, shape, strides }: View): Float32Array {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  for (let i = 0; i < data.length; i++) {
    let rest = i;
    let at = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    data[i] = value(at);
  }
  return data;
}

async function check(view: View): Promise<void> {
  expect(Buffer.compare(Buffer.from((await read(view)).buffer), Buffer.from(expected(view).buffer))).toBe(0);
}

test.each<[what: string, view: View]>([
  ['the whole', { offset: 0, shape: [COUNT], strides: [1] }],
  ['a part that begins late', { offset: 5, shape: [3, 2 ** 19], strides: [2 ** 19, 1] }],
  ['a transposed matrix', { offset: 0, shape: [2048, 1536], strides: [1, 2048] }],
  ['rows with gaps', { offset: 3, shape: [1000, 2000], strides: [3000, 1] }],
  ['a column', { offset: 7, shape: [1024], strides: [3072] }],
  ['channels last', { offset: 0, shape: [16, 64, 32, 32], strides: [65_536, 1, 2048, 64] }],
  ['rows that repeat', { offset: 9, shape: [300, 4000], strides: [0, 1] }],
  ['numbers that repeat', { offset: 9, shape: [4000, 300], strides: [1, 0] }],
  ['windows that overlap', { offset: 0, shape: [2000, 900], strides: [500, 1] }],
  ['few far apart', { offset: 0, shape: [2, 3, 2], strides: [2 ** 20, 2 ** 18, 2 ** 19] }],
])('%s', (_, view) => check(view));

test('any view is what indexing gives', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 50_000 })), { maxLength: 4 }),
      fc.integer({ min: 0, max: 1000 }),
      async (axes, offset) => {
        const view = { offset, shape: axes.map(([size]) => size), strides: axes.map(([, stride]) => stride) };
        const last = axes.reduce((sum, [size, stride]) => sum + (size - 1) * stride, offset);
        if (last < COUNT) await check(view);
      },
    ),
    { numRuns: 60 },
  ));

test('a file that ends too early, or numbers of no known kind, end in one sentence', async () => {
  await expect(read({ offset: COUNT - 2, shape: [3], strides: [1] })).rejects.toThrow(InputError);
  const view = { type: 'C64', begin: 0, offset: 0, shape: [1], strides: [1] } as const;
  const options = { target: new Float32Array(1), source: 'numbers' };
  await expect(readStrided(file, view, options)).rejects.toThrow(
    'numbers: expected numbers that heed can read, got C64',
  );
});
