/** Measures how long the ranks take to sum gradients, by summing arrays of zeros before training. */
import type { Communicator } from '@heed/diffusion/autodiff';
import { quantile } from '../statistics/index.ts';

export interface ExchangeTime {
  /** Size of the summed float32 array; `seconds` is the median duration of several sums. */
  readonly bytes: number;
  readonly seconds: number;
  readonly barrierSeconds: number;
}

const NUMBERS = 4 << 20;
const ROUNDS = 5;

/** All ranks must call this function at the same point. The time that ranks wait for a slower rank is not included. */
export async function measureExchange(communicator: Communicator): Promise<ExchangeTime> {
  const gradients = new Float32Array(NUMBERS);
  const scalars = new Float64Array(1);
  const sums: number[] = [];
  const barriers: number[] = [];
  // The first sum makes the buffers.
  await communicator.sum([gradients], scalars);
  for (let round = 0; round < ROUNDS; round++) {
    barriers.push(await secondsOf(() => communicator.barrier()));
    sums.push(await secondsOf(() => communicator.sum([gradients], scalars)));
  }
  return { bytes: gradients.byteLength, seconds: median(sums), barrierSeconds: median(barriers) };
}

/** Estimates the seconds that one update needs to exchange its gradients; `gradientBytes` is their size in float32. */
export function exchangeSeconds({ bytes, seconds, barrierSeconds }: ExchangeTime, gradientBytes: number): number {
  return barrierSeconds + (seconds * gradientBytes) / bytes;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function median(values: readonly number[]): number {
  return quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
}
