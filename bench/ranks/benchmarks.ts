/** What `--ranks` measures: one update, the same for one rank, for replicas in one process and for several ranks. */
import type { Benchmark } from '../benchmarks.ts';

/** float32 sums in another order. AdamW's first updates are signs, and a gradient near zero may turn. */
const TOLERANCES = { loss: 1e-5, gradientNorm: 1e-4, weight: 1e-3 };
const UPDATE = { batches: 2, learningRate: 5e-5, weightDecay: 1e-2, emaDecay: 0 };
const BATCH_OF_A_RANK = 8;
const ACCUMULATION = 4;
const LORA_RANK = 8;

/** The tiny model: each part of a batch has 8 samples, however many ranks there are. */
export function tinyBenchmark(ranks: number): Benchmark {
  const batchSize = BATCH_OF_A_RANK * ranks;
  return {
    name: 'tiny',
    kind: 'training-step',
    settings: { ...UPDATE, batchSize, accumulation: ACCUMULATION, parts: ranks },
    unit: `update of the tiny model with ${ACCUMULATION * batchSize} samples: accumulation ${ACCUMULATION}, ${BATCH_OF_A_RANK} samples at once`,
    repeats: 2,
    targets: {},
    tolerances: TOLERANCES,
  };
}

/** A LoRA of Stable Diffusion 1.5: one sample a rank. */
export function loraBenchmark(ranks: number): Benchmark {
  return {
    name: 'lora',
    kind: 'training-step',
    settings: { ...UPDATE, batches: 1, batchSize: ranks, parts: ranks, loraRank: LORA_RANK },
    unit: `update of a LoRA of rank ${LORA_RANK} of Stable Diffusion 1.5 with ${ranks} samples of 64 x 64 latents, one at once`,
    repeats: 1,
    targets: {},
    tolerances: { ...TOLERANCES, loss: 1e-4, gradientNorm: 1e-3 },
  };
}
