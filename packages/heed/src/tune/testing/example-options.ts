/** Options of a tiny run, for tests. */
import type { TuneOptions } from '../options.ts';

export const exampleTuneOptions: TuneOptions = {
  method: 'reward-weighted',
  settings: {},
  seed: 7,
  streams: { labelled: true, unlabelled: true, pretraining: true },
  beta: 0.5,
  steps: 6,
  batchSize: 3,
  replicas: 1,
  accumulation: 1,
  learningRate: 1e-3,
  schedule: 'cosine',
  warmupSteps: 2,
  weightDecay: 1e-2,
  maxGradientNorm: 1,
  ema: 0.9,
  captionDropout: 0.5,
  recompute: false,
  checkpointEverySteps: 2,
  keepCheckpoints: 2,
  sampleEverySteps: 4,
  logEverySteps: 1,
};
