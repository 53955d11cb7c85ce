/**
 * Early pruning for best-of-n. Several candidates of one prompt are denoised together. At certain steps, only those
 * whose predicted clean sample scores best continue. The sampler passes all rows, and the network is called only for
 * the remaining rows. Sources: successive halving (Karnin et al. 2013); scores of clean samples as in FK steering
 * (Singhal et al. 2025).
 */
import { CLEAN_SAMPLE, linearCombination } from '../samplers/sampler.ts';
import type { NoiseSchedule } from '../schedule/noise-schedule.ts';
import { rowOf, stackRows } from './batches.ts';

/** A cut: after the fraction `afterShare` of the steps, only the best `keep` candidates continue. */
export interface Cut {
  readonly afterShare: number;
  readonly keep: number;
}

/**
 * The default cuts for `of` candidates: to a quarter after 40 % of the steps, and to `keep` after 70 %. Keeping 1 of 16
 * halves the network calls.
 */
export function defaultCuts({ of, keep }: { of: number; keep: number }): Cut[] {
  return [
    { afterShare: 0.4, keep: Math.max(keep, Math.ceil(of / 4)) },
    { afterShare: 0.7, keep },
  ];
}

/** Number of network evaluations of single rows over all steps, for `of` rows at the start. */
export function prunedCalls(cuts: readonly Cut[], { of, steps }: { of: number; steps: number }): number {
  let calls = 0;
  let alive = of;
  for (let step = 0; step < steps; step++) {
    calls += alive;
    alive = Math.min(alive, ...cuts.filter((cut) => isCutAt(cut, step + 1, steps)).map(({ keep }) => keep));
  }
  return calls;
}

function isCutAt({ afterShare }: Cut, calls: number, steps: number): boolean {
  return calls === Math.max(1, Math.round(afterShare * steps));
}

export interface Pruning {
  /** The function that a sampler calls with the samples of all rows. Pruned rows get zeros. */
  denoise(sample: Float32Array, timestep: number): Promise<Float32Array>;
  /** Indices of the remaining rows, in order. */
  readonly alive: readonly number[];
}

/**
 * `predict` calls the network for some rows of the batch. The arguments are the rows' indices, the rows' concatenated
 * samples, and the timestep. `score` scores concatenated clean samples; higher is better.
 */
export function createPruning(options: {
  rows: number;
  steps: number;
  schedule: NoiseSchedule;
  cuts: readonly Cut[];
  predict: (rows: readonly number[], sample: Float32Array, timestep: number) => Promise<Float32Array>;
  score: (clean: Float32Array, rows: readonly number[]) => Promise<ArrayLike<number>>;
}): Pruning {
  const { rows, steps, schedule, cuts, predict, score } = options;
  let alive = Array.from({ length: rows }, (_, row) => row);
  let calls = 0;
  return {
    get alive() {
      return alive;
    },
    async denoise(sample, timestep) {
      const size = sample.length / rows;
      const own = stackRows(alive.map((row) => rowOf(sample, row, size)));
      const output = await predict(alive, own, timestep);
      const all = new Float32Array(sample.length);
      for (const [i, row] of alive.entries()) all.set(rowOf(output, i, size), row * size);
      calls += 1;
      const keep = Math.min(...cuts.filter((cut) => isCutAt(cut, calls, steps)).map((cut) => cut.keep));
      if (keep < alive.length) {
        const level = alphaCumprodNear(schedule, timestep);
        const [onSample, onOutput] = CLEAN_SAMPLE[schedule.predictionType](Math.sqrt(level), Math.sqrt(1 - level));
        const scores = await score(linearCombination(own, onSample, own, onOutput, output), alive);
        const order = [...alive.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
        const kept = new Set(order.slice(0, keep));
        alive = alive.filter((_, i) => kept.has(i));
      }
      return all;
    },
  };
}

/** alphaCumprod at a timestep between two integers, by linear interpolation. */
function alphaCumprodNear({ alphasCumprod }: NoiseSchedule, timestep: number): number {
  const below = Math.min(alphasCumprod.length - 1, Math.max(0, Math.floor(timestep)));
  const above = Math.min(alphasCumprod.length - 1, below + 1);
  return alphasCumprod[below]! + (timestep - below) * (alphasCumprod[above]! - alphasCumprod[below]!);
}
