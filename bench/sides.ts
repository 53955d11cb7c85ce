/** Processes that do the same work: inputs, what each computed, then timed rounds in turn. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import type { Benchmark } from './benchmarks.ts';
import { writeInputs } from './inputs/write-inputs.ts';
import type { BenchRuntime, Exchanges } from './protocol.ts';
import type { Worker } from './worker.ts';

/** By what a benchmark's tolerances are multiplied: they are those of float32, and float16 keeps three digits. */
const ALLOWED_TIMES = { float32: 1, float16: 100 } as const;

/** Who does the work. */
export interface Side {
  /** Unique among the sides. */
  readonly name: string;
  /** Of each of its processes. */
  readonly threads: number;
  start(): Worker;
}

/** What a side's process reported. */
export interface MeasuredSide {
  rows: Exchanges['round']['reply'][];
  peakBytes: number;
  loadedBytes: number;
}

export interface SidesOptions {
  /** Holds a folder a benchmark; the caller removes it. */
  folder: string;
  rounds: number;
  runtime: BenchRuntime;
  /** Starts a side's process when the other's has ended: both do not fit the memory. */
  oneAfterTheOther?: boolean | undefined;
  /** Models to measure in place of the shipped ones: a folder with `model` and `clip`. */
  models?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Called before each round. */
  onRound?: ((round: number) => void) | undefined;
}

/** Measures, and reads what each side computed in its check; throws one sentence when a process fails. */
export async function measureSides(
  benchmark: Benchmark,
  sides: readonly Side[],
  options: SidesOptions,
): Promise<{ measured: MeasuredSide[]; checks: ParameterValues[] }> {
  const folder = join(options.folder, benchmark.name);
  await mkdir(folder);
  await writeInputs(folder, benchmark, options.models);
  options.signal?.throwIfAborted();
  const measured: MeasuredSide[] = [];
  const groups = options.oneAfterTheOther ? sides.map((side) => [side]) : [sides];
  for (const group of groups) measured.push(...(await measureTogether(benchmark, group, { ...options, folder })));
  const checks = await Promise.all(
    sides.map(async (side) => (await readSafetensors(join(folder, checkFile(side)))).tensors),
  );
  return { measured, checks };
}

/** The largest relative difference of each tensor, by the start of its name, in the precision that heed computes in. */
export function allowedDifferences({ tolerances }: Benchmark, { precision }: BenchRuntime): Record<string, number> {
  return Object.fromEntries(
    Object.entries(tolerances).map(([name, tolerance]) => [name, tolerance * ALLOWED_TIMES[precision]]),
  );
}

export const column = <K extends string>(rows: readonly Record<K, number>[], key: K) => rows.map((row) => row[key]);

const checkFile = ({ name }: Side) => `check-${name.replaceAll(' ', '-')}.safetensors`;

/** Rounds of sides whose processes live at the same time; `folder` holds the inputs. */
async function measureTogether(
  benchmark: Benchmark,
  sides: readonly Side[],
  options: SidesOptions,
): Promise<MeasuredSide[]> {
  const { rounds, signal, onRound } = options;
  const { repeats } = benchmark;
  const workers = sides.map((side) => side.start());
  const closeAll = () => Promise.all(workers.map((worker) => worker.close()));
  signal?.addEventListener('abort', closeAll, { once: true });
  try {
    const loaded: number[] = [];
    // One after the other: a process that warms up beside another measures nothing, but its memory would be squeezed.
    for (const [i, side] of sides.entries()) loaded.push(await makeReady(workers[i]!, side, { ...options, benchmark }));
    const rows: MeasuredSide['rows'][] = workers.map(() => []);
    for (let round = 0; round < rounds; round++) {
      onRound?.(round);
      // The order is reversed in every other round, so that no side always follows the same one.
      const order = round % 2 === 0 ? [...workers.keys()] : [...workers.keys()].reverse();
      for (const side of order) rows[side]!.push(await workers[side]!.ask('round', { repeats }));
    }
    const measured: MeasuredSide[] = [];
    for (const [i, worker] of workers.entries()) {
      const { peakBytes } = await worker.ask('memory', {});
      measured.push({ rows: rows[i]!, peakBytes, loadedBytes: loaded[i]! });
    }
    return measured;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', closeAll);
    await closeAll();
  }
}

/** Loads the work, does it once and has the result written; returns what was resident before the work. */
async function makeReady(
  worker: Worker,
  side: Side,
  { folder, runtime, benchmark: { kind, settings } }: SidesOptions & { benchmark: Benchmark },
): Promise<number> {
  const { threads } = side;
  const { loadedBytes } = await worker.ask('open', { kind, folder, settings, threads, runtime });
  await worker.ask('check', { file: checkFile(side) });
  return loadedBytes;
}
