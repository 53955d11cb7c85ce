/**
 * The raters of a comparison, with two signs of inattention: a bias to one side of the screen, and answers that are too
 * fast.
 */
import { groupBy } from '../../collections/group-by.ts';
import { quantile } from '../../statistics/index.ts';
import { type ComparisonTimes, measureComparing, type RaterQuality } from '../raters/rater-quality.ts';
import type { OpenComparison } from './comparison-state.ts';

export interface ComparingRater extends Pick<RaterQuality, 'tooFast' | 'left' | 'flags'> {
  readonly id: string;
  readonly answers: number;
  /** Median answer time; undefined when no answer has a recorded time. */
  readonly medianSeconds?: number;
}

/** Lists raters in the order of their first answers, including excluded raters. */
export function comparingRaters(
  { answers }: Pick<OpenComparison, 'answers'>,
  times: ComparisonTimes,
): ComparingRater[] {
  const inOrder = [...answers].sort((a, b) => Number(a.time > b.time) - Number(a.time < b.time));
  return [...groupBy(inOrder, ({ rater }) => rater)].map(([id, own]) => {
    const seconds = own.flatMap((answer) => answer.seconds ?? []).sort((a, b) => a - b);
    return {
      id,
      answers: own.length,
      ...(seconds.length === 0 ? {} : { medianSeconds: quantile(seconds, 0.5) }),
      ...measureComparing(own, times),
    };
  });
}
