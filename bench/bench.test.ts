/**
 * The benchmark's own parts: figures, comparison, options, and the conversation with heed's process, which really runs
 * at a tiny size. PyTorch's side runs in `npm run bench` alone.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors } from '@heed/diffusion';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METHOD_NAMES } from '../packages/heed/src/config/index.ts';
import { compareTensors } from './agreement.ts';
import { BENCHMARKS, type Benchmark } from './benchmarks.ts';
import { tensor } from './inputs/files.ts';
import { type BenchmarkResult, measure } from './measure.ts';
import { methodBenchmarks } from './methods/benchmarks.ts';
import { describeMethods, measureMethods } from './methods/measure.ts';
import { parseOptions } from './options.ts';
import { allAgree, describeResults } from './report.ts';
import { ratioOf, spreadOf } from './statistics.ts';
import { startHeed, startWorker } from './worker.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-bench-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('statistics', () => {
  it('are medians and quartiles', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ lower: 2, median: 3, upper: 4 });
    expect(spreadOf([7])).toEqual({ lower: 7, median: 7, upper: 7 });
    expect(() => spreadOf([])).toThrow(/at least one value/);
  });

  it('take the ratio of each round, not of the medians', () => {
    expect(ratioOf([1, 10, 3], [2, 20, 2])).toEqual({ lower: 0.5, median: 0.5, upper: 1 });
    expect(() => ratioOf([1], [1, 2])).toThrow('ratio: expected equally many rounds, got 1 and 2');
  });
});

describe('comparison', () => {
  const ours = new Map([['loss', tensor([2], [3, 4])]]);

  it('allows what is tolerated and no more', () => {
    const compare = (theirs: number[], loss: number) =>
      compareTensors(ours, new Map([['loss', tensor([2], theirs)]]), { loss })[0]!;
    expect(compare([3, 4], 0)).toMatchObject({ difference: 0, agrees: true });
    expect(compare([3, 4.05], 0.02)).toMatchObject({ name: 'loss', agrees: true });
    expect(compare([3, 4.05], 0.009).agrees).toBe(false);
    // A side that computed zeros, or not a number, agrees with nothing.
    expect(compare([0, 0], 1).agrees).toBe(false);
    expect(compare([Number.NaN, 4], 1).agrees).toBe(false);
  });

  it('names what one side lacks or has in another shape', () => {
    expect(() => compareTensors(ours, new Map(), { loss: 1 })).toThrow('loss: expected it from both sides');
    expect(() => compareTensors(new Map(), ours, { loss: 1 })).toThrow('got it from PyTorch alone');
    const column = new Map([['loss', tensor([2, 1], [3, 4])]]);
    expect(() => compareTensors(ours, column, { loss: 1 })).toThrow(
      'expected one shape on both sides, got [2] and [2,1]',
    );
  });
});

describe('options', () => {
  it('choose benchmarks by name', () => {
    expect(parseOptions(['--only', 'sampling,training-step', '--rounds', '3', '--threads', '1'])).toMatchObject({
      benchmarks: [{ name: 'sampling' }, { name: 'training-step' }],
      rounds: 3,
      threads: 1,
    });
    expect(parseOptions([])).toMatchObject({
      benchmarks: BENCHMARKS,
      runtime: { device: 'cpu', precision: 'float32' },
    });
    expect(parseOptions(['--device', 'webgpu', '--precision', 'float16']).runtime).toEqual({
      device: 'webgpu',
      precision: 'float16',
    });
    const onCuda = ['--device', 'cuda', '--peer', 'float16-compiled', '--capture-graph', '--only', 'training-step'];
    expect(parseOptions([...onCuda, '--batch', '8'])).toMatchObject({
      runtime: { device: 'cuda', precision: 'float32', peerForm: 'float16-compiled', captureGraph: true },
      benchmarks: [{ settings: { batchSize: 8 } }],
    });
    expect(() => parseOptions(['--only', 'sampling', '--batch', '8'])).toThrow('--batch: expected an update');
    expect(() => parseOptions(['--peer', 'fast'])).toThrow('--peer: expected float32, float16, float16-compiled');
  });

  it.each([
    [['--only', 'methods,sampling'], /--only: expected .*, got 'methods'/],
    [['--only', 'training'], /--only: expected training-step, .*, got 'training'/],
    [['--rounds', '0'], "--rounds: expected a positive whole number, got '0'"],
    [['--threads', 'two'], "--threads: expected a positive whole number, got 'two'"],
    [['--device', 'gpu'], "--device: expected cpu, webgpu, cuda, coreml, directml, got 'gpu'"],
    [['--precision', 'half'], "--precision: expected float32, float16, got 'half'"],
    [['--fast'], /--fast/],
  ])('refuse %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});

describe('processes', () => {
  it('tell what they cannot do and go on', async () => {
    const heed = startHeed();
    try {
      await expect(heed.ask('round', { repeats: 1 })).rejects.toThrow(
        'heed: expected the request "open" before any other',
      );
      expect((await heed.ask('memory', {})).peakBytes).toBeGreaterThan(20e6);
    } finally {
      await heed.close();
    }
    await expect(heed.ask('memory', {})).rejects.toThrow('heed: expected a reply, but its process');
  });

  it('are reported when they end before they answer', async () => {
    const script = 'console.error("out of memory"); process.exitCode = 3;';
    const broken = startWorker('peer', process.execPath, ['-e', script]);
    await expect(broken.ask('memory', {})).rejects.toThrow(
      'peer: expected a reply, but its process ended with code 3: out of memory',
    );
    const absent = startWorker('peer', join(folder, 'no-such-python'), []);
    await expect(absent.ask('memory', {})).rejects.toThrow(
      'peer: expected a reply, but its process could not be started',
    );
  });
});

/** As little of each kind of work as there can be. */
const TINY: Readonly<Record<string, object>> = {
  'training-step': { batchSize: 1, batches: 2 },
  sampling: { batchSize: 1, steps: 2 },
  'clip-embedding': { pairs: 2, batchSize: 2 },
  'reward-training': { prompts: 4, trainingPairs: 16, validationPairs: 4, epochs: 2, batchSize: 4, hiddenSize: 16 },
  'fid-statistics': { images: 3, side: 32, batchSize: 2 },
  'fid-distance': { embeddings: [12, 9] },
};

describe("heed's side", () => {
  it.each(Object.keys(TINY))('does a round of %s', async (name) => {
    const full = BENCHMARKS.find((candidate) => candidate.name === name)!;
    const benchmark = { ...full, repeats: 1, settings: { ...full.settings, ...TINY[name] } } as Benchmark;
    const result = await measure(benchmark, {
      folder,
      rounds: 2,
      threads: 1,
      runtime: { device: 'cpu', precision: 'float32' },
    });
    expect(result).toMatchObject({ name, rounds: 2, settings: TINY[name] });
    expect(result.peer).toBeUndefined();
    expect(result.heed.seconds.median).toBeGreaterThan(0);
    expect(result.heed.peakBytes).toBeGreaterThanOrEqual(result.heed.loadedBytes);
    expect(describeResults([result]).join('\n')).toContain(name);

    expect(await readdir(join(folder, name))).toContain('check-heed.safetensors');
    const { tensors } = await readSafetensors(join(folder, name, 'check-heed.safetensors'));
    // Every tensor is compared under a tolerance, and every tolerance is used.
    expect(() => compareTensors(tensors, tensors, benchmark.tolerances)).not.toThrow();
    for (const { data } of tensors.values()) expect(data.some((value) => value !== 0)).toBe(true);
  });

  it('makes an update by every tuning method, equation 2 first', { timeout: 60_000 }, async () => {
    expect(parseOptions(['--only', 'methods'])).toMatchObject({ methods: true });
    expect(methodBenchmarks({ isFullSize: true }).map(({ name }) => name)).toEqual(METHOD_NAMES);
    const benchmarks = methodBenchmarks({ isFullSize: false })
      .filter(({ name }) => ['reward-weighted', 'dpo'].includes(name))
      .map((each) => ({ ...each, repeats: 1, settings: { ...each.settings, batchSize: 2 } }));
    const runtime = { device: 'cpu', precision: 'float32' } as const;
    const results = await measureMethods(benchmarks, { folder, rounds: 1, threads: 1, runtime });
    const [header, , first, second] = describeMethods(results);
    expect(header).toContain('update of the tiny model');
    expect(first).toMatch(/^reward-weighted +\d+\.\d\d +1\.00 /);
    expect(second).toMatch(/^dpo /);
    const { tensors } = await readSafetensors(join(folder, 'dpo', 'check-heed.safetensors'));
    // Before the first update the model is its reference: the loss is (4 / beta) log 2.
    expect(tensors.get('loss')!.data[0]!).toBeCloseTo((4 / 1000) * Math.LN2, 6);
  });

  it('is called different where one tensor differs', () => {
    const side = {
      seconds: spreadOf([1]),
      cpuSeconds: spreadOf([2]),
      peakBytes: 2e8,
      loadedBytes: 1e8,
    };
    const agreement = [{ name: 'loss', difference: 1e-6, tolerance: 1e-4, agrees: true }];
    const ratios = { secondsRatio: spreadOf([0.9]), cpuRatio: spreadOf([0.9]), memoryRatio: 1 };
    const result = (agrees: boolean): BenchmarkResult => ({
      name: 'training-step',
      unit: 'update',
      settings: {},
      targets: { seconds: 0.8, memory: 1 },
      rounds: 1,
      heed: side,
      peer: { ...side, ...ratios, agreement: agreement.map((item) => ({ ...item, agrees })) },
    });
    expect(allAgree([result(true)])).toBe(true);
    expect(allAgree([result(true), result(false)])).toBe(false);
    const text = describeResults([result(false)]).join('\n');
    expect(text).toContain('DIFFERS');
    expect(text).toContain('<= 0.8 missed');
    expect(text).toContain('<= 1.0 met');
  });
});
