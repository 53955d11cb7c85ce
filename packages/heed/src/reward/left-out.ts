/** Judged images that the reward does not learn from, and why. */
import { groupBy } from '../collections/group-by.ts';
import type { ImageRecord } from '../images/index.ts';
import { quote } from '../text/nearest.ts';

/** The reasons why the reward does not learn from a judged image. */
export const LEFT_OUT_REASONS = ['measures', 'held-out', 'other-model'] as const;

/** The judged images that the reward does not learn from for one reason. */
export interface LeftOut {
  readonly reason: (typeof LEFT_OUT_REASONS)[number];
  readonly images: number;
  /** Names of the sets, prompts or models of these images, sorted by number of images, largest first. */
  readonly names: readonly string[];
}

const NAMED = 3;

/**
 * Counts judged images by the first reason that keeps them out of learning. `modelHashes` names the models whose images
 * may be learned from.
 */
export function leftOutOf(
  images: readonly ImageRecord[],
  options: { modelHashes?: ReadonlySet<string> | undefined } = {},
): LeftOut[] {
  const found = images.flatMap((image) => reasonOf(image, options) ?? []);
  return LEFT_OUT_REASONS.flatMap((reason) => {
    const names = found.filter((each) => each.reason === reason).map(({ name }) => name);
    const byName = [...groupBy(names, (name) => name)].sort(([, a], [, b]) => b.length - a.length);
    return names.length === 0 ? [] : [{ reason, images: names.length, names: byName.map(([name]) => name) }];
  });
}

function reasonOf(
  { purpose, holdout, modelHash: drawnBy, set, prompt, model }: ImageRecord,
  { modelHashes }: { modelHashes?: ReadonlySet<string> | undefined },
): { reason: LeftOut['reason']; name: string } | undefined {
  if (purpose === 'measure') return { reason: 'measures', name: set };
  if (holdout) return { reason: 'held-out', name: prompt };
  return modelHashes !== undefined && !modelHashes.has(drawnBy) ? { reason: 'other-model', name: model } : undefined;
}

/** One sentence for each reason: how many images are left out, and why. */
export function describeLeftOut(leftOut: readonly LeftOut[]): string[] {
  return leftOut.map(
    ({ reason, images, names }) => `${images} judged images are left out of learning: ${WHY[reason](names)}`,
  );
}

const WHY: Readonly<Record<LeftOut['reason'], (names: readonly string[]) => string>> = {
  measures: (sets) => `they only measure (${sets.length === 1 ? 'set' : 'sets'} ${listed(sets)})`,
  'held-out': (prompts) =>
    prompts.length === 1
      ? `their prompt is held out for evaluation (${listed(prompts)})`
      : `their ${prompts.length} prompts are held out for evaluation (${listed(prompts)})`,
  'other-model': (models) => `the model to tune did not draw them (model ${listed(models)})`,
};

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map((name) => quote(name));
  return names.length > NAMED ? `${shown.join(', ')} and ${names.length - NAMED} more` : shown.join(', ');
}
