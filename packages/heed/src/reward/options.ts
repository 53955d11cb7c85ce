/** What can be chosen about reward training, with the paper's values as defaults (method.md section 3). */

/** Options of one reward training. */
export interface RewardOptions {
  /** Width of both hidden layers. Paper: 1024. */
  hiddenSize: number;
  /** T of equation 1. Reported: 2. */
  temperature: number;
  /** lambda, the weight of the auxiliary task; 0 turns it off. Reported: 0.5. */
  lambda: number;
  /** N, perturbed prompts per good image. Not known from the paper; ours: 10. */
  perturbations: number;
  /** Weight of the Bradley-Terry loss of preferences beside the loss of good and bad. */
  pairWeight: number;
  learningRate: number;
  weightDecay: number;
  batchSize: number;
  /** Passes over the training pairs at most; early stopping usually ends before. */
  maxEpochs: number;
  /** Epochs without a better validation loss before it stops. */
  patience: number;
}

export const DEFAULT_REWARD_OPTIONS: RewardOptions = {
  hiddenSize: 1024,
  temperature: 2,
  lambda: 0.5,
  perturbations: 10,
  pairWeight: 1,
  learningRate: 3e-4,
  weightDecay: 1e-2,
  batchSize: 64,
  maxEpochs: 60,
  patience: 8,
};
