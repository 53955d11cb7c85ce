/** The rows of the paper's table 3: which data each way of tuning may use, and what the models are called. */

export interface Ablation {
  /** Name of the model and of its tuning run. */
  readonly model: string;
  readonly label: string;
  /** Settings that make it, in the spelling of `--set`. */
  readonly overrides: readonly string[];
}

/** Labelled images alone, then with unlabelled ones; the full method adds the pre-training term. */
export const ABLATIONS: readonly Ablation[] = [
  {
    model: 'labelled-only',
    label: 'labelled images only',
    overrides: ['tune.unlabelledData=false', 'tune.beta=0'],
  },
  {
    model: 'without-pretraining',
    label: 'labelled + unlabelled',
    overrides: ['tune.beta=0'],
  },
];

/** How the report calls a model. */
export function modelLabel(model: string): string {
  return ABLATIONS.find((ablation) => ablation.model === model)?.label ?? model;
}
