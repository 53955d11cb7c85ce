/** One benchmark: inputs, a process a side, the check that both compute the same, then timed rounds in turn. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors } from '@heed/diffusion';
import { type Agreement, compareTensors } from './agreement.ts';
import type { Benchmark } from './benchmarks.ts';
import { writeInputs } from './inputs/write-inputs.ts';
import type { BenchRuntime, Exchanges } from './protocol.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';
import { startHeed, startPeer, type Worker } from './worker.ts';

/** By what a benchmark's tolerances are multiplied: they are those of float32, and float16 keeps three digits. */
const ALLOWED_TIMES = { float32: 1, float16: 100 } as const;

/** What one side needed. */
export interface SideResult {
  /** Of one unit by the clock, over the rounds. */
  seconds: Spread;
  /** Processor time of one unit, all cores together: what is left to compare where others keep the cores busy. */
  cpuSeconds: Spread;
  /** The most resident memory of the process, and what of it was there before any model. */
  peakBytes: number;
  loadedBytes: number;
}

export interface BenchmarkResult {
  name: string;
  unit: string;
  settings: object;
  targets: Benchmark['targets'];
  rounds: number;
  heed: SideResult;
  /** Absent where there is no PyTorch. */
  peer?: SideResult & {
    /** heed / PyTorch, round by round. */
    secondsRatio: Spread;
    cpuRatio: Spread;
    memoryRatio: number;
    agreement: Agreement[];
  };
}

export interface MeasureOptions {
  /** Holds a folder a benchmark; the caller removes it. */
  folder: string;
  rounds: number;
  threads: number;
  runtime: BenchRuntime;
  /** Starts a side's process when the other's has ended: both do not fit the memory. */
  oneAfterTheOther?: boolean | undefined;
  /** Models to measure in place of the shipped ones: a folder with `model` and `clip`. */
  models?: string | undefined;
  /** The interpreter of the peer; none runs heed alone. */
  python?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Called before each round. */
  onRound?: ((round: number) => void) | undefined;
}

/** Measures; throws one sentence when a process fails. */
export async function measure(benchmark: Benchmark, options: MeasureOptions): Promise<BenchmarkResult> {
  const { rounds, runtime, python, signal, onRound } = options;
  const folder = join(options.folder, benchmark.name);
  await mkdir(folder);
  await writeInputs(folder, benchmark, options.models);
  signal?.throwIfAborted();
  if (options.oneAfterTheOther) return measureInSequence(benchmark, { ...options, folder });
  const workers = sidesOf(options).map((start) => start());
  const closeAll = () => Promise.all(workers.map((worker) => worker.close()));
  signal?.addEventListener('abort', closeAll, { once: true });
  try {
    const { repeats } = benchmark;
    const loaded = [];
    // One after the other: a process that warms up beside another measures nothing, but its memory would be squeezed.
    for (const worker of workers) loaded.push(await makeReady(worker, benchmark, { ...options, folder }));
    const agreement = python === undefined ? [] : await compareSides(folder, workers, { benchmark, runtime });
    const rows: Exchanges['round']['reply'][][] = workers.map(() => []);
    for (let round = 0; round < rounds; round++) {
      onRound?.(round);
      // Each side goes first in every other round, so that neither always follows the other.
      const order = round % 2 === 0 ? [...workers.keys()] : [...workers.keys()].reverse();
      for (const side of order) rows[side]!.push(await workers[side]!.ask('round', { repeats }));
    }
    const measured: MeasuredSide[] = [];
    for (const [side, worker] of workers.entries()) {
      const { peakBytes } = await worker.ask('memory', {});
      measured.push({ rows: rows[side]!, peakBytes, loadedBytes: loaded[side]! });
    }
    return resultOf(benchmark, { rounds, measured, agreement });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', closeAll);
    await closeAll();
  }
}

/** What a side's process reported. */
interface MeasuredSide {
  rows: Exchanges['round']['reply'][];
  peakBytes: number;
  loadedBytes: number;
}

/**
 * All rounds of one side, then all of the other, whose process is started when the first has ended: for work of which the
 * machine's memory holds only one at a time.
 */
async function measureInSequence(benchmark: Benchmark, options: MeasureOptions): Promise<BenchmarkResult> {
  const { folder, rounds, runtime, python, signal, onRound } = options;
  const { repeats } = benchmark;
  const names: Pick<Worker, 'name'>[] = [];
  const measured: MeasuredSide[] = [];
  for (const start of sidesOf(options)) {
    const worker = start();
    names.push({ name: worker.name });
    const close = () => worker.close();
    signal?.addEventListener('abort', close, { once: true });
    try {
      const loadedBytes = await makeReady(worker, benchmark, options);
      const rows: MeasuredSide['rows'] = [];
      for (let round = 0; round < rounds; round++) {
        onRound?.(round);
        rows.push(await worker.ask('round', { repeats }));
      }
      measured.push({ rows, peakBytes: (await worker.ask('memory', {})).peakBytes, loadedBytes });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', close);
      await worker.close();
    }
  }
  const agreement = python === undefined ? [] : await compareSides(folder, names, { benchmark, runtime });
  return resultOf(benchmark, { rounds, measured, agreement });
}

function resultOf(
  { name, unit, settings, targets }: Benchmark,
  { rounds, measured, agreement }: { rounds: number; measured: readonly MeasuredSide[]; agreement: Agreement[] },
): BenchmarkResult {
  const sides = measured.map(({ rows, peakBytes, loadedBytes }): SideResult => {
    const [seconds, cpuSeconds] = [spreadOf(column(rows, 'seconds')), spreadOf(column(rows, 'cpuSeconds'))];
    return { seconds, cpuSeconds, peakBytes, loadedBytes };
  });
  const [heed, peer] = sides as [SideResult, SideResult?];
  const result = { name, unit, settings, targets, rounds, heed };
  if (peer === undefined) return result;
  const [ours, theirs] = measured.map(({ rows }) => rows) as [MeasuredSide['rows'], MeasuredSide['rows']];
  const ratios = (key: 'seconds' | 'cpuSeconds') => ratioOf(column(ours, key), column(theirs, key));
  const memoryRatio = heed.peakBytes / peer.peakBytes;
  return {
    ...result,
    peer: { ...peer, secondsRatio: ratios('seconds'), cpuRatio: ratios('cpuSeconds'), memoryRatio, agreement },
  };
}

const column = <K extends string>(rows: readonly Record<K, number>[], key: K) => rows.map((row) => row[key]);

/** What starts heed's process and, where there is one, PyTorch's. */
function sidesOf({ python, threads, runtime: { device } }: MeasureOptions): (() => Worker)[] {
  return [startHeed, ...(python === undefined ? [] : [() => startPeer(python, { threads, device })])];
}

/** Loads the work, does it once and has the result written; returns what was resident before the work. */
async function makeReady(
  worker: Worker,
  { kind, settings }: Benchmark,
  { folder, threads, runtime }: MeasureOptions,
): Promise<number> {
  const { loadedBytes } = await worker.ask('open', { kind, folder, settings, threads, runtime });
  await worker.ask('check', { file: checkFile(worker) });
  return loadedBytes;
}

const checkFile = ({ name }: Pick<Worker, 'name'>) => `check-${name}.safetensors`;

async function compareSides(
  folder: string,
  workers: readonly Pick<Worker, 'name'>[],
  { benchmark, runtime }: { benchmark: Benchmark; runtime: BenchRuntime },
) {
  const [ours, theirs] = await Promise.all(
    workers.map(async (worker) => (await readSafetensors(join(folder, checkFile(worker)))).tensors),
  );
  const allowed = Object.entries(benchmark.tolerances).map(([name, tolerance]): [string, number] => [
    name,
    tolerance * ALLOWED_TIMES[runtime.precision],
  ]);
  return compareTensors(ours!, theirs!, Object.fromEntries(allowed));
}
