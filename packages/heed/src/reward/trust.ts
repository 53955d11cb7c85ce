/** Rates how far a reward can be trusted on each category of prompts, by its accuracy on held-out pairs. */
import { formatShare, type Interval } from '../statistics/interval.ts';
import type { AccuracyTable } from './accuracy.ts';

/**
 * 'measured' means that the accuracy is significantly above chance, 'unsure' that it is not, and 'unmeasured' that
 * there are no pairs.
 */
export const TRUSTS = ['measured', 'unsure', 'unmeasured'] as const;
export type Trust = (typeof TRUSTS)[number];

export interface CategoryTrust {
  readonly category: string;
  /** Whether these are seen (training) prompts or held-out prompts. */
  readonly group: 'seen' | 'unseen';
  readonly pairs: number;
  readonly prompts: number;
  readonly accuracy?: Interval;
  readonly trust: Trust;
}

/** Accuracy on pairs of fewer prompts than this is not trusted, whatever its interval. */
export const FEWEST_PROMPTS = 5;

/**
 * Makes one entry for each category and group (seen or unseen) that has pairs, and for each of `categories` without
 * pairs.
 */
export function categoryTrust(table: AccuracyTable, categories: Iterable<string>): CategoryTrust[] {
  return [...new Set([...categories, ...Object.keys(table.byCategory)])].flatMap((category) => {
    const measured = (['seen', 'unseen'] as const).flatMap((group): CategoryTrust[] => {
      const { pairs, prompts, accuracy } = table.byCategory[category]?.[group] ?? { pairs: 0, prompts: 0 };
      if (accuracy === undefined) return [];
      const trust = prompts >= FEWEST_PROMPTS && accuracy.lo > 0.5 ? 'measured' : 'unsure';
      return [{ category, group, pairs, prompts, accuracy, trust }];
    });
    return measured.length > 0
      ? measured
      : [{ category, group: 'seen' as const, pairs: 0, prompts: 0, trust: 'unmeasured' as const }];
  });
}

const WORDS: Readonly<Record<Trust, string>> = {
  measured: 'better than chance',
  unsure: 'not told from chance',
  unmeasured: 'not measured: no prompt with a good and a bad held-out image',
};

/** The verdict in words, for tables. */
export function trustWords({ trust, prompts, accuracy }: CategoryTrust): string {
  if (trust !== 'unsure') return WORDS[trust];
  if (prompts < FEWEST_PROMPTS) return `not known: fewer than ${FEWEST_PROMPTS} prompts`;
  return accuracy !== undefined && accuracy.hi < 0.5 ? 'worse than chance' : WORDS.unsure;
}

/** A sentence that names the categories on which the reward must not be trusted; undefined when there are none. */
export function distrustNote(trust: readonly CategoryTrust[]): string | undefined {
  const doubtful = trust.filter((each) => each.trust !== 'measured');
  if (doubtful.length === 0) return undefined;
  const named = doubtful.map(({ category, group, pairs, accuracy }) => {
    const where = `${category}${group === 'unseen' ? ', held out' : ''}`;
    return accuracy === undefined ? `${where} (no pair)` : `${where} (${formatShare(accuracy)} of ${pairs} pairs)`;
  });
  return `the reward is not known to beat chance on ${named.join('; ')}`;
}
