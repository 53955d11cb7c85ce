/** Who answered a comparison, and whether sides and times look like somebody who looks. */
import { groupBy } from '../../collections/group-by.ts';
import { quantile } from '../../statistics/index.ts';
import { type ComparisonTimes, measureComparing, type RaterQuality } from '../raters/rater-quality.ts';
import type { OpenComparison } from './comparison-state.ts';

export interface ComparingRater extends Pick<RaterQuality, 'tooFast' | 'left' | 'flags'> {
  readonly id: string;
  readonly answers: number;
  /** Absent where no answer came with a time. */
  readonly medianSeconds?: number;
}

/** In the order of their first answers. Raters who are set aside are among them. */
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
