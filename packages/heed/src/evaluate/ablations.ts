/** The rows of the paper's table 3: which data each way of tuning may use, and what the models are called. */

export interface Ablation {
  /** Name of the model and of its tuning run. */
  readonly model: string;
  readonly label: string;
  /** Settings that make it, in the spelling of `--set`. */
  readonly overrides: readonly string[];
}

/** The full method with nothing of heed's own in it: the row that the first two compare with. */
export const AS_PRINTED = 'as-printed';

/** Equation 2 as the paper has it: everything drawn alike, images of the model weighted by r, at all timesteps. */
const PRINTED = ['tune.modelRewardPower=0', 'tune.pretrainingRewardPower=0', 'tune.modelTimestepsFrom=0'];

/** Labelled images alone, then with unlabelled ones, then with the pre-training term. */
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

/** How the report calls a model. */
export function modelLabel(model: string): string {
  return ABLATIONS.find((ablation) => ablation.model === model)?.label ?? model;
}
