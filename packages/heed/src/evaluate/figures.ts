/** Computes a figure of every arm from one number per image, with intervals over prompts and paired differences. */
import { groupBy } from '../collections/group-by.ts';
import { type BootstrapOptions, bootstrapMean, bootstrapPairedDifference } from '../statistics/index.ts';
import type { ArmFigure, Difference, EvaluatedPrompt, Figure } from './evaluation.ts';

/**
 * A measure: the numbers that the judge gave to each arm's images, [prompt][value]. Prompts without values are ignored.
 */
export interface Measure extends Pick<Figure, 'id' | 'label' | 'judge' | 'unit'> {
  readonly values: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Arms to compare, by their names. */
export type ArmPair = readonly [treated: string, baseline: string];

/** Computes the figure of a measure; undefined where no arm has a value. */
export function figureOf(
  measure: Measure,
  options: { prompts: readonly EvaluatedPrompt[]; pairs: readonly ArmPair[]; bootstrap: BootstrapOptions },
): Figure | undefined {
  const { id, label, judge, unit, values } = measure;
  const { prompts, pairs, bootstrap } = options;
  const arms = Object.fromEntries(
    Object.entries(values).flatMap(([name, ofArm]): [string, ArmFigure][] =>
      ofArm.some((ofPrompt) => ofPrompt.length > 0) ? [[name, armFigure(ofArm, prompts, bootstrap)]] : [],
    ),
  );
  if (Object.keys(arms).length === 0) return undefined;
  const differences = pairs.flatMap(([treated, baseline]): Difference[] => {
    const clusters = prompts.flatMap((_, i) => {
      const [of, against] = [values[treated]?.[i] ?? [], values[baseline]?.[i] ?? []];
      return of.length > 0 && against.length > 0 ? [{ treated: of, baseline: against }] : [];
    });
    return clusters.length === 0
      ? []
      : [{ treated, baseline, interval: bootstrapPairedDifference(clusters, bootstrap) }];
  });
  return { id, label, judge, unit, arms, differences };
}

function armFigure(
  values: readonly (readonly number[])[],
  prompts: readonly EvaluatedPrompt[],
  bootstrap: BootstrapOptions,
): ArmFigure {
  const byCategory = groupBy(prompts.keys(), (index) => prompts[index]!.category);
  const clustersOf = (indices: readonly number[]) => indices.map((index) => values[index]!);
  return {
    ...bootstrapMean(values, bootstrap),
    count: values.reduce((count, ofPrompt) => count + ofPrompt.length, 0),
    byCategory: Object.fromEntries(
      [...byCategory]
        .filter(([, indices]) => clustersOf(indices).some((ofPrompt) => ofPrompt.length > 0))
        .map(([category, indices]) => [category, bootstrapMean(clustersOf(indices), bootstrap)]),
    ),
  };
}
