import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InputError } from '../errors.ts';
import { readSafetensors, readSafetensorsHeader } from './read-safetensors.ts';
import { writeSafetensors } from './write-safetensors.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-safetensors-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file as any other writer would lay it out. */
function encode(header: string, data: Uint8Array = new Uint8Array(0)): Buffer {
  const text = Buffer.from(header, 'utf8');
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

async function messageOf(bytes: Uint8Array): Promise<string> {
  const path = join(folder, 'hostile.safetensors');
  await writeFile(path, bytes);
  const error = await readSafetensors(path).then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return error!.message.replace(path, 'FILE');
}

const entry = (dtype: string, shape: number[], begin: number, end: number) =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

test('float32 tensors survive bit by bit, in any shape', async () => {
  const path = join(folder, 'round.safetensors');
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9_.]{0,20}$/), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(names, fc.infiniteStream(shapes), fc.integer(), async (chosen, shapeStream, seed) => {
      const tensors: ParameterValues = new Map();
      for (const name of chosen.filter((one) => !/(^|\.)(constructor|prototype)(\.|$)/.test(one))) {
        const shape = shapeStream.next().value;
        const size = shape.reduce((a: number, b: number) => a * b, 1);
        tensors.set(name, { shape, data: Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i)) });
      }
      await writeSafetensors(path, tensors, { dtype: 'F32', metadata: { recipe: 'a "test"\n' } });
      const read = await readSafetensors(path);
      expect(read.metadata).toEqual({ format: 'pt', recipe: 'a "test"\n' });
      expect([...read.tensors.keys()].sort()).toEqual([...tensors.keys()].sort());
      for (const [name, { shape, data }] of tensors) {
        expect(read.tensors.get(name)).toEqual({ dtype: 'F32', shape, data });
      }
    }),
    { numRuns: 40 },
  );
});

test('tensors are read into arrays that are there, where their lengths agree', async () => {
  const path = join(folder, 'into.safetensors');
  const tensors: ParameterValues = new Map([
    ['a', { shape: [2], data: Float32Array.of(1, 2) }],
    ['b', { shape: [1, 3], data: Float32Array.of(3, 4, 5) }],
  ]);
  await writeSafetensors(path, tensors, { dtype: 'F32' });
  const own = { data: new Float32Array(2) };
  const read = await readSafetensors(path, { into: new Map([['a', own]]) });
  expect(read.tensors.get('a')!.data).toBe(own.data);
  expect([...own.data]).toEqual([1, 2]);
  expect([...read.tensors.get('b')!.data]).toEqual([3, 4, 5]);
  await expect(readSafetensors(path, { into: new Map([['b', own]]) })).rejects.toThrow(
    'into.safetensors: tensor "b": expected 2 numbers, got 3',
  );
});

test('halves and integers become float32', async () => {
  const path = join(folder, 'types.safetensors');
  const data = Buffer.alloc(8 + 4 + 2 + 2 + 1);
  data.writeBigInt64LE(-7n, 0);
  data.writeInt32LE(77, 8);
  data.writeUInt16LE(0x3e00, 12); // 1.5 as F16
  data.writeUInt16LE(0xc040, 14); // -3 as BF16
  data.writeUInt8(255, 16);
  const header = `{"i64":${entry('I64', [1], 0, 8)},"i32":${entry('I32', [], 8, 12)},"f16":${entry('F16', [1, 1], 12, 14)},"bf16":${entry('BF16', [1], 14, 16)},"u8":${entry('U8', [1], 16, 17)}}`;
  await writeFile(path, encode(header, data));
  const { tensors } = await readSafetensors(path);
  expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([
    ['i64', -7],
    ['i32', 77],
    ['f16', 1.5],
    ['bf16', -3],
    ['u8', 255],
  ]);
  const some = await readSafetensors(path, { only: (name) => name === 'i32' });
  expect([...some.tensors.keys()]).toEqual(['i32']);
  expect((await readSafetensorsHeader(path)).entries.get('f16')).toEqual({
    dtype: 'F16',
    shape: [1, 1],
    begin: 12,
    end: 14,
  });
});

test('metadata may be null, and other types of numbers are read', async () => {
  const path = join(folder, 'others.safetensors');
  const data = Buffer.alloc(13 + 8);
  data.writeDoubleLE(0.1, 0);
  data.writeInt16LE(-5, 8);
  data.writeUInt8(0x38, 10); // 1 as E4M3
  data.writeUInt8(0xc4, 11); // -4 as E5M2
  data.writeUInt8(129, 12);
  const f64 = `"f64":${entry('F64', [1], 0, 8)},"i16":${entry('I16', [1], 8, 10)}`;
  const small = `"e4m3":${entry('F8_E4M3', [1], 10, 11)},"e5m2":${entry('F8_E5M2', [1], 11, 12)},"bool":${entry('BOOL', [1], 12, 13)}`;
  const complex = `"c64":${entry('C64', [1], 13, 21)}`;
  await writeFile(path, encode(`{"__metadata__": null,${f64},${small},${complex}}`, data));
  const { tensors, metadata } = await readSafetensors(path, { only: (name) => name !== 'c64' });
  expect(metadata).toEqual({});
  const values = Object.fromEntries(
    [...tensors].map(
      ([
        name,
        {
          data: [first],
        },
      ]) => [name, first],
    ),
  );
  expect(values).toEqual({ f64: Math.fround(0.1), i16: -5, e4m3: 1, e5m2: -4, bool: 1 });
  await expect(readSafetensors(path)).rejects.toThrow('tensor "c64": expected numbers that heed can read, got C64');
});

test('a tensor longer than one chunk is whole, in every written type', async () => {
  const path = join(folder, 'long.safetensors');
  const data = Float32Array.from({ length: 2_500_001 }, (_, i) => (i % 2048) - 1024);
  for (const dtype of ['F32', 'F16'] as const) {
    await writeSafetensors(path, new Map([['long', { shape: [data.length], data }]]), { dtype });
    const read = (await readSafetensors(path)).tensors.get('long')!.data;
    expect(Buffer.from(read.buffer).equals(Buffer.from(data.buffer))).toBe(true);
  }
});

test('the writer refuses what the reader would, and leaves the old file', async () => {
  const path = join(folder, 'kept.safetensors');
  const good: ParameterValues = new Map([['a', { shape: [1], data: Float32Array.of(1) }]]);
  await writeSafetensors(path, good, { dtype: 'F16' });
  const before = await readFile(path);
  const write = (name: string, shape: number[], values: number[]) =>
    writeSafetensors(path, new Map([[name, { shape, data: Float32Array.from(values) }]]), { dtype: 'F16' });
  await expect(write('a', [2], [1])).rejects.toThrow('tensor "a": expected 2 values for [2], got 1');
  await expect(write('a', [1], [Number.NaN])).rejects.toThrow(
    /tensor "a": expected numbers within .* got NaN at index 0/,
  );
  await expect(write('a', [1], [70000])).rejects.toThrow(/for F16, got 70000 at index 0/);
  await expect(write('__proto__', [1], [1])).rejects.toThrow(/safe as an object's key/);
  expect((await readFile(path)).equals(before)).toBe(true);
  expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('hostile headers get one sentence each', async () => {
  const f32 = (begin: number, end: number) => entry('F32', [(end - begin) / 4], begin, end);
  const four = new Uint8Array(4);
  const eight = new Uint8Array(8);
  const cases: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /got 0 bytes, too few/],
    [Buffer.from('ffffffffffffffff', 'hex'), /header of 2 to \d+ bytes, got another length$/],
    [Buffer.concat([Buffer.from('0000000000000080', 'hex'), four]), /got another length$/],
    [Buffer.from('0000000000000000', 'hex'), /got another length$/],
    [
      Buffer.concat([Buffer.from('ff00000000000000', 'hex'), four]),
      /a header of 255 bytes as announced, got a file of 12/,
    ],
    [encode('{"a":'), /expected "\{", got the end of the header/],
    [encode('[]'), /expected "\{", got something else at character 0/],
    [encode('{} x'), /expected the end after the object/],
    [encode('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}', four), /got "x"/],
    [encode('{"a":{"dtype":"F32","shape":[1]}}', four), /got fewer/],
    [encode(`{"a":${f32(0, 4)},"a":${f32(4, 8)}}`, eight), /tensor "a": expected a unique name, got it twice/],
    [encode(`{"a":${f32(0, 4)},"\\u0061":${f32(4, 8)}}`, eight), /got it twice/],
    [encode('{"a":{"dtype":"F32","dtype":"F16","shape":[1],"data_offsets":[0,4]}}', four), /key "dtype" once/],
    [encode('{"__metadata__":{},"__metadata__":{}}'), /expected one "__metadata__", got two/],
    [encode('{"__metadata__":{"a":1}}'), /expected a string, got something else at character 21/],
    [encode('{"__metadata__":{"__proto__":"x"}}'), /safe as an object's key, got "__proto__"/],
    [encode(`{"__proto__":${f32(0, 4)}}`, four), /safe as an object's key, got "__proto__"/],
    [encode(`{"a.constructor.b":${f32(0, 4)}}`, four), /safe as an object's key/],
    [encode(`{"":${f32(0, 4)}}`, four), /a name of 1 to 1024 characters, got 0/],
    [encode(`{"a\\u0000":${f32(0, 4)}}`, four), /without control characters/],
    [encode(`{"a":${f32(0, 4)},"b":${f32(0, 4)}}`, four), /overlap with "a"/],
    [encode(`{"a":${f32(0, 4)},"b":${f32(8, 12)}}`, new Uint8Array(12)), /4 bytes that belong to no tensor/],
    [encode(`{"a":${f32(4, 8)}}`, eight), /expected its data to begin at 0, got 4/],
    [encode(`{"a":${f32(0, 8)}}`, four), /expected 8 bytes of tensor data .* got 4 \(is the file cut off\?\)/],
    [encode(`{"a":${f32(0, 4)}}`, eight), /expected 4 bytes of tensor data .* got 8/],
    [encode(`{"a":${entry('F32', [2], 0, 4)}}`, four), /expected 8 bytes for F32 \[2\], got 4/],
    [encode(`{"a":${entry('F32', [2 ** 32, 2 ** 32], 0, 4)}}`, four), /tensor "a": expected \d+ bytes/],
    [
      encode('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', four),
      /expected an integer from 0 to 2\^53 - 1, got something else at character/,
    ],
    [encode('{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}', four), /expected an integer/],
    [encode('{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}', four), /expected an integer/],
    [encode(`{"a":${entry('F32', [1], 4, 0)}}`, four), /data_offsets \[begin, end\], got \[4, 0\]/],
    [encode('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', four), /got \[0, 4, 8\]/],
    [encode(`{"a":${entry('F9_E4M3', [4], 0, 4)}}`, four), /expected a dtype such as F32 or F16, got "F9_E4M3"/],
    [encode(`{"a":${entry('F4', [8], 0, 4)}}`, four), /expected numbers that heed can read, got F4/],
    [encode(`{"a":${entry('F4', [4], 0, 4)}}`, four), /expected 2 bytes for F4 \[4\], got 4/],
    [encode(`{"a":${entry('toString', [4], 0, 4)}}`, four), /expected a dtype/],
    [encode(`{"a":${entry('F32', Array(9).fill(1), 0, 4)}}`, four), /at most 8 axes, got 9/],
    [encode(`{"a":{"dtype":"F32","shape":[${'1,'.repeat(50)}1],"data_offsets":[0,4]}}`, four), /at most 32 numbers/],
    [encode(`{"a":${'['.repeat(100_000)}`), /expected "\{"/],
    [encode(`{"a":${'{"a":'.repeat(100_000)}`), /expected the keys/],
    [Buffer.concat([Buffer.from('0400000000000000', 'hex'), Buffer.from([0x7b, 0xff, 0xff, 0x7d])]), /expected UTF-8/],
    [
      encode(`{"a":${f32(0, 4)}}`, new Uint8Array(Float32Array.of(Number.NaN).buffer)),
      /finite numbers, got NaN at index 0/,
    ],
    [Buffer.from('PK\x03\x04\x00\x00\x08\x08\x00\x00', 'latin1'), /got a zip archive, as PyTorch writes/],
    [Buffer.from('\x80\x02}q\x00(X\x0e\x00\x00\x00', 'latin1'), /got a Python pickle/],
    [Buffer.from('version https://git-lfs.github.com/spec/v1\n'), /git lfs pull/],
  ];
  for (const [bytes, expected] of cases) {
    const message = await messageOf(bytes);
    expect(message).toMatch(expected);
    expect(message).toMatch(/^FILE: .*[^\n]$/);
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThan(400);
  }
});

test('a header of 640 bytes, which begins as a pickle does, is read', async () => {
  const path = join(folder, 'h640.safetensors');
  const json = `{"a":${entry('F32', [1], 0, 4)}}`;
  await writeFile(path, encode(json.padEnd(640), new Uint8Array(4)));
  expect((await readSafetensors(path)).tensors.size).toBe(1);
});

test('a missing file and a folder are named', async () => {
  await expect(readSafetensors(join(folder, 'none'))).rejects.toThrow(
    /none: expected a readable safetensors file, got nothing there/,
  );
  await expect(readSafetensors(folder)).rejects.toThrow(/expected a safetensors file, got/);
});
