// 1,000 damaged files of torch.save, 10,000 with `npm run test:faults`: each is refused in one sentence, quickly and in
// little memory, or read whole because the damage left a valid file. Pickles that are hostile by design are
// pickle.test.ts' affair.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, openTensorFile } from '@heed/diffusion';
import { createRandom, type RandomGenerator } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MUTATIONS = Number(process.env.HEED_FAULTS ?? 1000);
const LIMIT_MS = 1000;
const LIMIT_BYTES = 64 * 2 ** 20;
const GOLDEN = fileURLToPath(new URL('../packages/diffusion/src/tensor-file/golden/', import.meta.url));
/** Numbers at which sizes and counts go wrong. */
const NUMBERS = [0n, 1n, 127n, 255n, 65_535n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

let folder: string;
let files: Buffer[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-hostile-torch-'));
  const names = (await readdir(GOLDEN)).filter((name) => name.endsWith('.pth'));
  files = await Promise.all(names.map((name) => readFile(join(GOLDEN, name))));
});
afterAll(() => rm(folder, { recursive: true }));

type Mutator = (bytes: Buffer, random: RandomGenerator, other: Buffer) => Buffer;

const MUTATORS: Readonly<Record<string, Mutator>> = {
  cut: (bytes, random) => bytes.subarray(0, random.integer(bytes.length)),
  cutStart: (bytes, random) => bytes.subarray(1 + random.integer(bytes.length - 1)),
  extend: (bytes, random) => Buffer.concat([bytes, Buffer.alloc(1 + random.integer(99), random.integer(256))]),
  flipBit: (bytes, random) => times(1, random, () => flip(bytes, random)) ?? bytes,
  flipBits: (bytes, random) => times(8, random, () => flip(bytes, random)) ?? bytes,
  replaceBytes: (bytes, random) =>
    times(6, random, () => {
      bytes[random.integer(bytes.length)] = random.integer(256);
    }) ?? bytes,
  /** The pickle is at the start of either format. */
  replaceInPickle: (bytes, random) =>
    times(3, random, () => {
      bytes[random.integer(Math.min(1500, bytes.length))] = random.integer(256);
    }) ?? bytes,
  /** An opcode for another. */
  replaceOpcode(bytes, random) {
    const opcodes = Buffer.from(
      '()]}.0125abcdeghijlqrstuBCGIJKMNQRSTUX\x80\x81\x85\x86\x87\x88\x8a\x8c\x93\x94',
      'latin1',
    );
    bytes[random.integer(Math.min(1500, bytes.length))] = opcodes[random.integer(opcodes.length)]!;
    return bytes;
  },
  /** The directory is at the end of a zip archive. */
  replaceAtEnd: (bytes, random) =>
    times(3, random, () => {
      bytes[bytes.length - 1 - random.integer(Math.min(900, bytes.length))] = random.integer(256);
    }) ?? bytes,
  number(bytes, random) {
    const size = [1, 2, 4, 8][random.integer(4)]!;
    const at = random.integer(bytes.length - 8);
    const value = Buffer.alloc(8);
    value.writeBigUInt64LE(NUMBERS[random.integer(NUMBERS.length)]!);
    value.copy(bytes, at, 0, size);
    return bytes;
  },
  remove(bytes, random) {
    const at = random.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.integer(40))]);
  },
  insert(bytes, random) {
    const at = random.integer(bytes.length);
    const noise = Buffer.from(Array.from({ length: 1 + random.integer(20) }, () => random.integer(256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
  repeat(bytes, random) {
    const at = random.integer(bytes.length);
    const part = bytes.subarray(at, at + 1 + random.integer(200));
    return Buffer.concat([
      bytes.subarray(0, at),
      ...new Array<Buffer>(1 + random.integer(50)).fill(part),
      bytes.subarray(at),
    ]);
  },
  move(bytes, random) {
    const part = Buffer.from(bytes.subarray(random.integer(bytes.length)).subarray(0, 1 + random.integer(200)));
    part.copy(bytes, random.integer(bytes.length));
    return bytes;
  },
  splice(bytes, random, other) {
    const at = random.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(random.integer(other.length))]);
  },
  splicePart(bytes, random, other) {
    other.subarray(random.integer(other.length)).subarray(0, 300).copy(bytes, random.integer(bytes.length));
    return bytes;
  },
};

function times(atMost: number, random: RandomGenerator, change: () => void): undefined {
  for (let n = 1 + random.integer(atMost); n > 0; n--) change();
}

function flip(bytes: Buffer, random: RandomGenerator): void {
  const at = random.integer(bytes.length);
  bytes[at] = bytes[at]! ^ (1 << random.integer(8));
}

/** Reads all of a file; the problem with what came, or undefined. */
async function readAll(path: string): Promise<string | undefined> {
  const file = await openTensorFile(path);
  try {
    for (const [name, tensor] of file.tensors) {
      if (tensor.dtype === 'C64' || tensor.dtype === 'C128') continue;
      const data = await tensor.read();
      if (data.length !== tensor.shape.reduce((product, size) => product * size, 1)) return `${name} is half done`;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

test(`${MUTATIONS} damaged files of torch.save end in one sentence each`, async () => {
  const path = join(folder, 'damaged.pth');
  for (const bytes of files) {
    await writeFile(path, bytes);
    expect(await readAll(path)).toBeUndefined();
  }
  const mutators = Object.entries(MUTATORS);
  const problems: string[] = [];
  const refusals = new Map<string, number>();
  const sentences = new Set<string>();
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const [name, mutate] = mutators[seed % mutators.length]!;
    const random = createRandom(seed);
    const pick = () => Buffer.from(files[random.integer(files.length)]!);
    await writeFile(path, mutate(pick(), random, pick()));
    const report = (problem: string) => problems.push(`${name}, seed ${seed}: ${problem}`);
    const started = process.cpuUsage();
    const memory = process.memoryUsage().arrayBuffers;
    try {
      const problem = await readAll(path);
      if (problem !== undefined) report(problem);
    } catch (error) {
      refusals.set(name, (refusals.get(name) ?? 0) + 1);
      if (error instanceof InputError) {
        const { message } = error;
        sentences.add(message.replaceAll(/\d+|"[^"]*"/g, ''));
        if (!message.startsWith(`${path}: `)) report(`does not name the file: ${message}`);
        if (!/expected .+, got /.test(message)) report(`does not say what was expected and what came: ${message}`);
        if ([...message].some((character) => character < ' ') || message.length > 600)
          report(`is not one sentence: ${JSON.stringify(message)}`);
      } else report(`an unexpected ${(error as Error).stack}`);
    }
    const { user, system } = process.cpuUsage(started);
    if (user + system > 1000 * LIMIT_MS) report(`took ${(user + system) / 1000} ms of work`);
    const grown = process.memoryUsage().arrayBuffers - memory;
    if (grown > LIMIT_BYTES) report(`took ${grown} bytes`);
  }
  expect(problems).toEqual([]);
  for (const [name] of mutators) expect([name, refusals.get(name) ?? 0]).not.toEqual([name, 0]);
  // Damage of many kinds is told apart.
  expect(sentences.size).toBeGreaterThan(30);
});
