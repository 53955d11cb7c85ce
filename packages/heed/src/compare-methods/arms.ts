/**
 * The arms of a comparison of tuning methods: the same labels, reward and compute. Compute is the number of passes of
 * the network over one image. An update takes three passes for each image, and four if the method needs a frozen
 * reference model.
 */
import type { HeedConfig, MethodName } from '../config/index.ts';
import { badInput } from '../errors.ts';
import { didYouMean, quote } from '../text/nearest.ts';

export interface MethodArm {
  readonly name: string;
  readonly method: MethodName;
  readonly label: string;
  /** The arm's settings, which override the project's. */
  readonly overrides: readonly string[];
  /** Number of network passes that one update needs for each of the model's images. */
  readonly passes: number;
  /** Whether rewards and labels are permuted among the images: a control that learns nothing from people. */
  readonly shuffles?: boolean;
}

/**
 * The arms of all methods, with learning rates for the tiny model (docs/methods.md); other models take the project's
 * learning rate.
 */
export const METHOD_ARMS: readonly MethodArm[] = [
  {
    name: 'reward-weighted',
    method: 'reward-weighted',
    label: 'reward-weighted (equation 2)',
    overrides: [],
    passes: 3,
  },
  { name: 'dpo', method: 'dpo', label: 'DPO', overrides: ['tune.learningRate=2e-4'], passes: 4 },
  { name: 'nft', method: 'nft', label: 'NFT', overrides: ['tune.learningRate=4e-4'], passes: 4 },
  { name: 'kto', method: 'kto', label: 'KTO', overrides: ['tune.learningRate=2e-4'], passes: 4 },
  {
    name: 'best-of-n',
    method: 'best-of-n',
    label: 'best-of-n distillation',
    overrides: ['tune.bestOfN.pretrainingWeight=1', 'tune.pretrainingRewardPower=0'],
    passes: 3,
  },
  {
    name: 'no-labels',
    method: 'reward-weighted',
    label: 'no labels: shuffled rewards',
    overrides: ['tune.pretrainingRewardPower=0'],
    passes: 3,
    shuffles: true,
  },
];

/** Returns the arms with these names in the order of `METHOD_ARMS`, or all arms if `names` is empty. */
export function armsNamed(names: readonly string[]): MethodArm[] {
  const known = METHOD_ARMS.map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name)) {
      throw badInput(`--method must be one of ${known.join(', ')}, got ${quote(name)}${didYouMean(name, known)}`);
    }
  }
  return METHOD_ARMS.filter(({ name }) => names.length === 0 || names.includes(name));
}

/**
 * Number of network passes in an update, for the model's images and, if used, for the same number of pre-training
 * pairs.
 */
export function passesOfUpdate(
  arm: Pick<MethodArm, 'passes'>,
  { batchSize, accumulation, hasPretraining }: { batchSize: number; accumulation: number; hasPretraining: boolean },
): number {
  return batchSize * accumulation * (arm.passes + (hasPretraining ? 3 : 0));
}

/** Number of updates that cost as many network passes as tuning by `reward-weighted` under the project's settings. */
export function updatesOf(
  arm: Pick<MethodArm, 'passes'>,
  { tune, hasPretraining }: { tune: HeedConfig['tune']; hasPretraining: boolean },
): number {
  const { batchSize, accumulation, steps, beta } = tune;
  const budget = steps * passesOfUpdate({ passes: 3 }, { batchSize, accumulation, hasPretraining: beta > 0 });
  return Math.max(1, Math.round(budget / passesOfUpdate(arm, { batchSize, accumulation, hasPretraining })));
}
