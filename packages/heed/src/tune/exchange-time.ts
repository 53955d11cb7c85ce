/** Measures how long ranks take to sum gradients, before there are any. */
import type { Communicator } from '@heed/diffusion/autodiff';

export interface ExchangeTime {
  /** Bytes of one sum in float32; `seconds` is the median of several sums. */
  readonly bytes: number;
  readonly seconds: number;
  readonly barrierSeconds: number;
}

const NUMBERS = 4 << 20;
const ROUNDS = 5;

/** All ranks call it at the same point. A rank that computes longer than the others is not measured. */
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

/** The seconds of an update's exchange of gradients whose float32 values have so many bytes. */
export function exchangeSeconds({ bytes, seconds, barrierSeconds }: ExchangeTime, gradientBytes: number): number {
  return barrierSeconds + (seconds * gradientBytes) / bytes;
}

async function secondsOf(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
