/** The rows of the paper's table 3: the training data of each tuning variant, and the names of the models. */

export interface Ablation {
  /** Name of the model and of its tuning run. */
  readonly model: string;
  readonly label: string;
  /** Settings of the variant, in the syntax of `--set`. */
  readonly overrides: readonly string[];
}

/** The paper's full method without heed's changes. The first two rows of the table are compared with this method. */
export const AS_PRINTED = 'as-printed';

/**
 * Equation 2 as in the paper: all samples drawn uniformly, the model's images weighted by the reward r, all timesteps
 * used.
 */
const PRINTED = ['tune.modelRewardPower=0', 'tune.pretrainingRewardPower=0', 'tune.modelTimestepsFrom=0'];

/** The variants: labelled images alone, then also unlabelled images, then also the pre-training loss. */
export const ABLATIONS: readonly Ablation[] = [
  {
    model: 'labelled-only',
    label: 'labelled images only',
    overrides: [...PRINTED, 'tune.unlabelledData=false', 'tune.beta=0'],
  },
  {
    model: 'without-pretraining',
    label: 'labelled + unlabelled',
    overrides: [...PRINTED, 'tune.beta=0'],
  },
  { model: AS_PRINTED, label: 'equation 2 as printed', overrides: PRINTED },
];

/** The label of a model in the report. */
export function modelLabel(model: string): string {
  return ABLATIONS.find((ablation) => ablation.model === model)?.label ?? model;
}
