/** What is measured, at which size, against which target, and how closely both sides must agree. */
import type { WorkKind } from './protocol.ts';
import type { SettingsOf } from './settings.ts';

export interface Benchmark<K extends WorkKind = WorkKind> {
  readonly name: string;
  readonly kind: K;
  readonly settings: SettingsOf[K];
  /** What the seconds are of. */
  readonly unit: string;
  /** Units a timed round: enough that a round is long beside a scheduler's time slice. */
  readonly repeats: number;
  /** Ratios heed / PyTorch that are asked for. */
  readonly targets: { readonly seconds?: number; readonly memory?: number };
  /**
   * Largest relative difference |heed - peer| / |peer| (Euclidean norms) of each checked tensor, by the start of its
   * name.
   */
  readonly tolerances: Readonly<Record<string, number>>;
}

function benchmark<K extends WorkKind>(definition: Benchmark<K>): Benchmark<K> {
  return definition;
}

/** heed's pre-training batch on the shipped U-Net; the learning rate is that of `heed tune`. */
const TRAINING_STEP = { batchSize: 16, batches: 3, learningRate: 5e-5, weightDecay: 1e-2, emaDecay: 0 };
/** float32 sums in another order differ by some 1e-7 here; the room is for other processors. */
// A batch in parts is summed in another order, and AdamW's first updates are signs: a gradient near zero may turn.
const TRAINING_TOLERANCES = { loss: 1e-5, gradientNorm: 1e-4, weight: 1e-4, average: 1e-4 };

export const BENCHMARKS: readonly Benchmark[] = [
  benchmark({
    name: 'training-step',
    kind: 'training-step',
    settings: TRAINING_STEP,
    unit: `update of the U-Net, batch ${TRAINING_STEP.batchSize}`,
    repeats: 4,
    targets: { seconds: 0.8, memory: 1 },
    tolerances: TRAINING_TOLERANCES,
  }),
  benchmark({
    name: 'training-step-ema',
    kind: 'training-step',
    settings: { ...TRAINING_STEP, emaDecay: 0.998 },
    unit: `the same with a moving average of the weights`,
    repeats: 4,
    targets: { seconds: 0.8, memory: 1 },
    tolerances: TRAINING_TOLERANCES,
  }),
  benchmark({
    name: 'sampling',
    kind: 'sampling',
    settings: { batchSize: 16, steps: 20, guidanceScale: 3 },
    unit: '16 images, 20 steps of DPM-Solver++(2M), guidance 3',
    repeats: 1,
    targets: { seconds: 0.8 },
    // Bytes of pixels: rounding to the other neighbour here and there.
    tolerances: { images: 1e-3 },
  }),
  benchmark({
    name: 'clip-embedding',
    kind: 'clip-embedding',
    settings: { pairs: 64, batchSize: 16 },
    unit: '64 images and 64 texts, batches of 16',
    repeats: 10,
    targets: {},
    tolerances: { textEmbeds: 1e-5, imageEmbeds: 1e-5 },
  }),
  benchmark({
    name: 'reward-training',
    kind: 'reward-training',
    settings: {
      prompts: 128,
      trainingPairs: 1024,
      validationPairs: 128,
      epochs: 5,
      batchSize: 64,
      projectionDim: 128,
      hiddenSize: 1024,
      perturbations: 10,
      temperature: 2,
      lambda: 0.5,
      learningRate: 3e-4,
      weightDecay: 1e-2,
    },
    unit: '5 epochs over 1,024 pairs, batch 64, 10 perturbed prompts',
    repeats: 1,
    targets: { seconds: 1 },
    tolerances: { loss: 1e-5, validationLoss: 1e-4, weight: 1e-4 },
  }),
  benchmark({
    name: 'fid-statistics',
    kind: 'fid-statistics',
    settings: { images: 48, side: 256, batchSize: 16, peerBatchSize: 50 },
    unit: 'mean and covariance of the Inception features of 48 PNG files of 256 px',
    repeats: 1,
    targets: { seconds: 1, memory: 1 },
    tolerances: { mean: 1e-5, covariance: 1e-4 },
  }),
  benchmark({
    name: 'fid-distance',
    kind: 'fid-distance',
    settings: { embeddings: [3000, 2600] },
    unit: 'Fréchet distance between statistics of 2,048 features',
    repeats: 1,
    targets: { seconds: 1, memory: 1 },
    tolerances: { distance: 1e-6 },
  }),
];
