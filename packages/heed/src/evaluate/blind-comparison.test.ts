/** Counts agree with a count by hand, and a side alone gives no model a win. */
import type { Recognition } from '@heed/emoji-world';
import { describe, expect, it } from 'vitest';
import type { ComparingRater, ComparisonQuery } from './blind-comparison.ts';
import { compareArms, summariseVotes } from './blind-comparison.ts';
import type { Outcome } from './evaluation.ts';

describe('summariseVotes', () => {
  const queries = [
    { category: 'count', seen: true },
    { category: 'count', seen: true },
    { category: 'count', seen: false },
  ];
  const outcomes: Outcome[][] = [
    ['win', 'win', 'win'],
    ['win', 'tie', 'lose'],
    ['lose', 'lose', 'tie'],
  ];
  const summary = summariseVotes(outcomes, queries, 2);

  it('counts votes, decided queries and histograms', () => {
    expect(summary.votes).toEqual({ win: 4, tie: 2, lose: 3 });
    expect(summary.agreed).toEqual({ win: 1 / 3, tie: 0, lose: 1 / 3 });
    expect(summary.histogram.win).toEqual([1, 1, 0, 1]);
    expect(summary.histogram.lose).toEqual([1, 1, 1, 0]);
  });

  it('takes mean and deviation over raters within a cell', () => {
    const cell = summary.cells.find(({ seen }) => seen)!;
    expect(cell.queries).toBe(2);
    // Shares of wins of the three raters on the two seen queries: 1, 1/2, 1/2.
    expect(cell.shares.win.mean).toBeCloseTo(2 / 3, 12);
    expect(cell.shares.win.deviation).toBeCloseTo(Math.sqrt((1 / 9 + 1 / 36 + 1 / 36) / 2), 12);
  });
});

describe('compareArms', () => {
  const query: ComparisonQuery = {
    category: 'colour',
    seen: true,
    facts: { object: 'dog' },
    treated: [recognition(1)],
    baseline: [recognition(0)],
  };
  const ask = (rater: ComparingRater) =>
    compareArms({
      treated: 'tuned',
      baseline: 'base',
      queries: new Array<ComparisonQuery>(300).fill(query),
      raters: [rater],
      seed: 3,
    });

  it('puts the sides back: whoever prefers the treated set is counted so on either side', () => {
    const keen: ComparingRater = {
      compare: (left) => {
        const preference = (left[0] as Recognition).sharpness === 1 ? 'left' : 'right';
        return { alignment: preference, fidelity: preference };
      },
    };
    expect(ask(keen).answers.alignment.votes).toEqual({ win: 300, tie: 0, lose: 0 });
  });

  it('gives a rater who always says left no say', () => {
    const lazy: ComparingRater = { compare: () => ({ alignment: 'left', fidelity: 'tie' }) };
    const { alignment, fidelity } = ask(lazy).answers;
    expect(Math.abs(alignment.votes.win - alignment.votes.lose)).toBeLessThan(60);
    expect(fidelity.votes.tie).toBe(300);
  });

  it('asks for 7 of 9', () => {
    const rater: ComparingRater = { compare: () => ({ alignment: 'tie', fidelity: 'tie' }) };
    const nine = new Array<ComparingRater>(9).fill(rater);
    expect(compareArms({ treated: 'a', baseline: 'b', queries: [query], raters: nine, seed: 1 }).agreement).toBe(7);
  });
});

function recognition(sharpness: number): Recognition {
  const none = new Float32Array(0);
  return {
    object: 'dog',
    colour: 'natural',
    count: 1,
    background: 'plain',
    probabilities: { object: none, colour: none, count: none, background: none },
    sharpness,
  };
}
