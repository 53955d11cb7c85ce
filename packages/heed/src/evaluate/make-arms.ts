/** The arms of an evaluation: each model, and the best of n images of the baseline by the reward. */
import type { ImageRecord } from '../images/index.ts';
import { modelLabel } from './ablations.ts';
import type { Arm } from './arm.ts';
import { bestOf } from './best-of-n.ts';
import type { DrawnModel } from './draw-arms.ts';
import type { EvaluationSettings } from './evaluation.ts';
import type { FidelityMeter } from './fidelity.ts';
import type { ArmPair } from './figures.ts';

/** The order of these arms in every table; the arms of other models follow. */
const ORDER = ['base', 'tuned', 'bestOf'];

/** Makes the arms in this order: base, tuned, bestOf (with a reward), then the other models. */
export async function armsOf(
  drawn: readonly DrawnModel[],
  options: {
    scores: ReadonlyMap<string, number> | undefined;
    settings: EvaluationSettings;
    measureFidelity: FidelityMeter | undefined;
  },
): Promise<Arm[]> {
  const { scores, settings, measureFidelity } = options;
  const arms: Arm[] = [];
  for (const [index, { evaluation, fidelity }] of drawn.entries()) {
    const { model, modelHash, images } = evaluation;
    const name = ['base', 'tuned'][index] ?? model;
    const arm = { name, label: modelLabel(model), model, modelHash, images };
    const isMeasured = fidelity && measureFidelity;
    arms.push(isMeasured ? { ...arm, fidelity: await measureFidelity(fidelity.images.flat()) } : arm);
  }
  if (scores) arms.push(bestOfArm(arms[0]!, scores, settings));
  const pruned = drawn[0]?.pruned;
  if (pruned) {
    const label = `best ${settings.imagesPerPrompt} of ${settings.bestOf}, pruned`;
    arms.push({ name: 'pruned', label, ...pruned });
  }
  const rankOf = ({ name }: Arm) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return arms.sort((a, b) => rankOf(a) - rankOf(b));
}

/**
 * Pairs of arms to compare: those of the paper's figures 4, 6(a) and 6(b), then every other model with the baseline.
 */
export function pairsOf(arms: readonly Arm[]): ArmPair[] {
  const names = new Set(arms.map(({ name }) => name));
  const first: ArmPair[] = [
    ['tuned', 'base'],
    ['bestOf', 'base'],
    ['tuned', 'bestOf'],
    ['pruned', 'bestOf'],
  ];
  const others = arms.filter(({ name }) => !ORDER.includes(name)).map(({ name }): ArmPair => [name, 'base']);
  return [...first.filter((pair) => pair.every((name) => names.has(name))), ...others];
}

function bestOfArm(base: Arm, rewards: ReadonlyMap<string, number>, settings: EvaluationSettings): Arm {
  const { imagesPerPrompt, bestOf: drawn } = settings;
  const { model, modelHash } = base;
  const pick = (images: readonly ImageRecord[]) => {
    const candidates = images.slice(0, Math.max(imagesPerPrompt, drawn));
    const scores = candidates.map(({ id }) => rewards.get(id)!);
    return bestOf(scores, imagesPerPrompt).map((index) => candidates[index]!);
  };
  const label = `best ${imagesPerPrompt} of ${Math.max(imagesPerPrompt, drawn)}`;
  return { name: 'bestOf', label, model, modelHash, images: base.images.map(pick) };
}
