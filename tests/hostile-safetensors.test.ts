// 1,000 damaged safetensors files, 10,000 with `npm run test:faults`: each is refused in one sentence, quickly and
// before anything large is allocated, or read whole because the damage left a valid file. The models that such files
// make are tests/hostile-checkpoints.test.ts' affair.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError, readSafetensors } from '@heed/diffusion';
import { createRandom, type RandomGenerator } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MUTATIONS = Number(process.env.HEED_FAULTS ?? 1000);
const LIMIT_MS = 1000;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-hostile-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Entry {
  dtype: string;
  shape: unknown[];
  data_offsets: unknown[];
}

/** A well-formed file of five tensors, as its header's object and its data. */
function wellFormed(): { header: Record<string, Entry | Record<string, string>>; data: Buffer } {
  const data = Buffer.alloc(128);
  for (let i = 0; i < 12; i++) data.writeFloatLE(Math.sin(i), 4 * i);
  return {
    header: {
      __metadata__: { format: 'pt', note: 'a note' },
      'block.weight': { dtype: 'F32', shape: [3, 4], data_offsets: [0, 48] },
      'block.bias': { dtype: 'F16', shape: [8], data_offsets: [48, 64] },
      ids: { dtype: 'I64', shape: [1, 4], data_offsets: [64, 96] },
      scale: { dtype: 'BF16', shape: [2, 2, 3], data_offsets: [96, 120] },
      mask: { dtype: 'U8', shape: [8], data_offsets: [120, 128] },
    },
    data,
  };
}

function encode(json: string, data: Uint8Array, announced?: bigint): Buffer {
  const text = Buffer.from(json, 'utf8');
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(announced ?? BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

const NUMBERS = [-1, 0, 1, 1.5, 7, 127, 129, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 1e300, null, '4', [], {}, true];
const NAMES = [
  '__proto__',
  'constructor',
  'a.__proto__.b',
  '',
  '\u0000',
  'x'.repeat(5000),
  '\ud800',
  'block.weight',
  '../../etc/passwd',
];
const TYPES = ['F80', 'F8_E4M4', 'f32', '', 'toString', '__proto__', 'C64', 'BOOLEAN', 'F32 '];

/** Each makes the bytes of one damaged file. */
const MUTATORS: Readonly<Record<string, (random: RandomGenerator) => Buffer>> = {
  cut(random) {
    const whole = valid();
    return whole.subarray(0, random.integer(whole.length));
  },
  extend: (random) => Buffer.concat([valid(), Buffer.alloc(1 + random.integer(64), random.integer(256))]),
  flipBytes(random) {
    const bytes = valid();
    for (let n = 1 + random.integer(6); n > 0; n--) bytes[random.integer(bytes.length)] = random.integer(256);
    return bytes;
  },
  flipHeaderBytes(random) {
    const bytes = valid();
    for (let n = 1 + random.integer(3); n > 0; n--) bytes[8 + random.integer(300)] = random.integer(256);
    return bytes;
  },
  announceLength(random) {
    const { header, data } = wellFormed();
    const lengths = [
      0n,
      1n,
      2n,
      7n,
      2n ** 31n,
      2n ** 32n,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
      100_000_001n,
      25_000_000n,
      BigInt(random.integer(600)),
    ];
    return encode(JSON.stringify(header), data, lengths[random.integer(lengths.length)]!);
  },
  shape: (random) => withEntry(random, (entry) => setOne(random, entry.shape)),
  rank: (random) =>
    withEntry(random, (entry) =>
      entry.shape.push(...new Array<number>(1 + random.integer(60)).fill(1 + random.integer(3))),
    ),
  offsets: (random) => withEntry(random, (entry) => setOne(random, entry.data_offsets)),
  shiftOffsets: (random) =>
    withEntry(random, (entry) => {
      const shift = random.integer(33) - 16;
      entry.data_offsets = entry.data_offsets.map((offset) => Number(offset) + shift);
    }),
  type: (random) =>
    withEntry(random, (entry) => {
      entry.dtype = TYPES[random.integer(TYPES.length)]!;
    }),
  swapTypes: (random) =>
    withEntry(random, (entry) => {
      entry.dtype = ['F32', 'F16', 'BF16', 'I64', 'I32', 'U8'][random.integer(6)]!;
    }),
  rename(random) {
    const { header, data } = wellFormed();
    const names = Object.keys(header);
    const victim = names[random.integer(names.length)]!;
    const replacement = JSON.stringify(NAMES[random.integer(NAMES.length)]);
    return encode(JSON.stringify(header).replace(JSON.stringify(victim), replacement), data);
  },
  duplicate(random) {
    const { header, data } = wellFormed();
    const names = Object.keys(header);
    const name = names[random.integer(names.length)]!;
    const again = `${JSON.stringify(name)}:${JSON.stringify(header[name])}`;
    return encode(JSON.stringify(header).replace(/\}$/, `,${again}}`), data);
  },
  drop(random) {
    const { header, data } = wellFormed();
    const names = Object.keys(header).filter((name) => name !== '__metadata__');
    delete header[names[random.integer(names.length)]!];
    return encode(JSON.stringify(header), data);
  },
  nest(random) {
    const depth = 1 + random.integer(100_000);
    const open = random.integer(2) === 0 ? '[' : '{"a":';
    const { data } = wellFormed();
    return encode(`{"__metadata__":${open.repeat(depth)}`, data);
  },
  text(random) {
    const { header, data } = wellFormed();
    const json = JSON.stringify(header);
    const at = random.integer(json.length);
    const noise = ['"', '{', '}', '[', ']', ',', ':', '\\', '\n', '1e9', '-', 'null', '\ufeff', '\\u0000', ' '][
      random.integer(15)
    ]!;
    return encode(json.slice(0, at) + noise + json.slice(at + random.integer(3)), data);
  },
  notANumber(random) {
    const bytes = valid();
    bytes.writeFloatLE(
      [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][random.integer(3)]!,
      bytes.length - 128 + 4 * random.integer(12),
    );
    return bytes;
  },
  notText(random) {
    const { header, data } = wellFormed();
    const bytes = encode(JSON.stringify(header), data);
    const name = bytes.indexOf('block.bias');
    // Bytes that no UTF-8 has, or that end in the middle of a character.
    Buffer.from(
      [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]][random.integer(5)]!,
    ).copy(bytes, name);
    return bytes;
  },
  sameBytes(random) {
    const { header, data } = wellFormed();
    const entry = header['block.weight'] as Entry;
    header[`copy.${random.integer(9)}`] = { ...entry, shape: random.integer(2) === 0 ? [12] : entry.shape };
    return encode(JSON.stringify(header), data);
  },
  overflow(random) {
    const { header, data } = wellFormed();
    const size = [2 ** 26, 2 ** 32, 2 ** 52, 3 * 2 ** 31][random.integer(4)]!;
    const end = [48, 2 ** 53 - 1, 0][random.integer(3)]!;
    header['block.weight'] = {
      dtype: 'F32',
      shape: new Array(1 + random.integer(7)).fill(size),
      data_offsets: [0, end],
    };
    return encode(JSON.stringify(header), data);
  },
  crowd(random) {
    const { header, data } = wellFormed();
    const count = 1 + random.integer(3000);
    const empty = Array.from({ length: count }, (_, i) => `"e${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`);
    // One of them claims bytes.
    empty[random.integer(count)] = `"last":{"dtype":"U8","shape":[${1 + random.integer(9)}],"data_offsets":[0,8]}`;
    return encode(JSON.stringify(header).replace(/\}$/, `,${empty.join(',')}}`), data);
  },
  metadata(random) {
    const { header, data } = wellFormed();
    const wrong = ['{"a":1}', '{"a":null}', '{"a":{"b":"c"}}', '[]', '"pt"', '{"a":"1","a":"2"}', '{"__proto__":"x"}'];
    const json = JSON.stringify(header).replace(
      /"__metadata__":\{[^}]*\}/,
      `"__metadata__":${wrong[random.integer(wrong.length)]}`,
    );
    return encode(json, data);
  },
  foreign(random) {
    const heads = [
      'PK\x03\x04',
      '\x80\x02}q',
      'GGUF',
      '\x89HDF',
      '<!DOCTYPE html>',
      'version https://git-lfs.github.com/spec/v1\n',
      '',
    ];
    const head = Buffer.from(heads[random.integer(heads.length)]!, 'latin1');
    return Buffer.concat([head, Buffer.from(Array.from({ length: random.integer(200) }, () => random.integer(256)))]);
  },
};

function valid(): Buffer {
  const { header, data } = wellFormed();
  return encode(JSON.stringify(header), data);
}

function withEntry(random: RandomGenerator, change: (entry: Entry) => void): Buffer {
  const { header, data } = wellFormed();
  const entries = Object.values(header).filter((value): value is Entry => 'dtype' in value && 'data_offsets' in value);
  change(entries[random.integer(entries.length)]!);
  return encode(JSON.stringify(header), data);
}

function setOne(random: RandomGenerator, list: unknown[]): void {
  list[random.integer(list.length)] = NUMBERS[random.integer(NUMBERS.length)];
}

/** Work since `started`, which a busy machine does not stretch. */
function cpuMs(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

test(`${MUTATIONS} damaged safetensors files end in one sentence each`, async () => {
  const path = join(folder, 'damaged.safetensors');
  await writeFile(path, valid());
  const names = [...(await readSafetensors(path)).tensors.keys()];
  expect(names).toEqual(['block.weight', 'block.bias', 'ids', 'scale', 'mask']);

  const mutators = Object.entries(MUTATORS);
  const problems: string[] = [];
  const refusals = new Map<string, number>();
  const readBack = new Map<string, number>();
  const memoryBefore = process.memoryUsage().arrayBuffers;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const [name, mutate] = mutators[seed % mutators.length]!;
    await writeFile(path, mutate(createRandom(seed)));
    const started = process.cpuUsage();
    const outcome = await readSafetensors(path).then(
      (file) => file,
      (error: unknown) => error,
    );
    const elapsed = cpuMs(started);
    const report = (problem: string) => problems.push(`${name}, seed ${seed}: ${problem}`);
    if (elapsed > LIMIT_MS) report(`took ${elapsed} ms of work`);
    if (outcome instanceof Error) {
      refusals.set(name, (refusals.get(name) ?? 0) + 1);
      const { message } = outcome;
      if (!(outcome instanceof InputError)) report(`an unexpected ${outcome.constructor.name}: ${message}`);
      if (!message.startsWith(`${path}: `)) report(`does not name the file: ${message}`);
      if (!/expected .+, got /.test(message)) report(`does not say what was expected and what came: ${message}`);
      if ([...message].some((character) => character < ' ') || message.length > 600)
        report(`is not one sentence: ${JSON.stringify(message)}`);
    } else {
      readBack.set(name, (readBack.get(name) ?? 0) + 1);
      const { tensors } = outcome as Awaited<ReturnType<typeof readSafetensors>>;
      for (const [tensor, { shape, data }] of tensors) {
        if (data.length !== shape.reduce((product, size) => product * size, 1)) report(`${tensor} is half done`);
        if (!data.every(Number.isFinite)) report(`${tensor} has numbers that are not finite`);
      }
    }
  }
  expect(problems).toEqual([]);
  // These always break the file; the others can leave a valid one (another byte of a weight, another name).
  const alwaysBreaking = [
    'cut',
    'extend',
    'duplicate',
    'drop',
    'nest',
    'type',
    'notANumber',
    'notText',
    'sameBytes',
    'overflow',
    'crowd',
    'metadata',
    'foreign',
  ];
  for (const name of alwaysBreaking) {
    if (name !== 'drop') expect([name, readBack.get(name) ?? 0]).toEqual([name, 0]);
    expect(refusals.get(name)).toBeGreaterThan(0);
  }
  expect(process.memoryUsage().arrayBuffers - memoryBefore).toBeLessThan(64 * 1024 * 1024);
  expect(({} as Record<string, unknown>).dtype).toBeUndefined();
});
