/**
 * How much of each kind of work is done; the same numbers go to heed and to its peer. Sizes of networks come from the
 * models.
 */
import type { MethodName } from '../packages/heed/src/config/index.ts';
import type { WorkKind } from './protocol.ts';

export interface TrainingStepSettings {
  batchSize: number;
  /** Updates' batches used in turn; the check makes one update with each. */
  batches: number;
  /** Batches of an update, 1 by default. */
  accumulation?: number;
  /**
   * Parts that each batch is cut into. Ranks and replicas share them out and work on theirs one after the other.
   * By default one for each rank and replica.
   */
  parts?: number;
  /** Waits for all ranks before each exchange, so that its seconds hold no waiting. */
  timesExchange?: boolean;
  learningRate: number;
  weightDecay: number;
  /** 0 keeps no moving average. */
  emaDecay: number;
  /** Recomputes blocks in the backward pass (PyTorch: gradient checkpointing). */
  recompute?: boolean;
  /**
   * Trains low-rank factors of this rank (and alpha) on the projections of attention, the network itself stays frozen.
   */
  loraRank?: number;
}

export interface SamplingSettings {
  /** Images sampled together; guidance doubles the U-Net's batch. */
  batchSize: number;
  steps: number;
  guidanceScale: number;
}

export interface ClipEmbeddingSettings {
  /** Pictures, and as many texts. */
  pairs: number;
  batchSize: number;
  /** Leaves the texts out. */
  imagesOnly?: boolean;
}

export interface RewardTrainingSettings {
  prompts: number;
  trainingPairs: number;
  validationPairs: number;
  epochs: number;
  batchSize: number;
  /** Embedding length; the tiny CLIP's is 128. */
  projectionDim: number;
  hiddenSize: number;
  perturbations: number;
  temperature: number;
  lambda: number;
  learningRate: number;
  weightDecay: number;
}

export interface FidStatisticsSettings {
  images: number;
  /** Width and height of the pictures' files, in pixels. */
  side: number;
  /** What heed works on at once, and what pytorch-fid does; each as its command has it. */
  batchSize: number;
  peerBatchSize: number;
}

export interface FidDistanceSettings {
  /** Embeddings behind either side's statistics, of 2,048 numbers each. */
  embeddings: readonly [number, number];
}

export interface MethodUpdateSettings {
  method: MethodName;
  /** Images of the model; no pre-training pairs join them. */
  batchSize: number;
  loraRank: number;
}

export interface SettingsOf extends Record<WorkKind, object> {
  'training-step': TrainingStepSettings;
  sampling: SamplingSettings;
  'clip-embedding': ClipEmbeddingSettings;
  'reward-training': RewardTrainingSettings;
  'fid-statistics': FidStatisticsSettings;
  'fid-distance': FidDistanceSettings;
  'method-update': MethodUpdateSettings;
}
