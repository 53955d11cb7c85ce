/** The options of reward training, with the paper's values as defaults (method.md section 3). */

/** Options of one reward training. */
export interface RewardOptions {
  /** Width of both hidden layers. Paper: 1024. */
  hiddenSize: number;
  /** T of equation 1. The paper reports 2. */
  temperature: number;
  /** lambda, the weight of the auxiliary task; 0 turns it off. The paper reports 0.5. */
  lambda: number;
  /** N, perturbed prompts per good image. The paper does not report this number; heed uses 10. */
  perturbations: number;
  /** Weight of the Bradley-Terry loss on preferences, relative to the loss on good and bad labels. */
  pairWeight: number;
  learningRate: number;
  weightDecay: number;
  batchSize: number;
  /** Largest number of passes over the training pairs. Early stopping usually ends training earlier. */
  maxEpochs: number;
  /** Number of epochs without a better validation loss after which training stops. */
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
