// An even choice of prompts: over categories and what is held out, always the same.
import { paperEvaluationPrompts, paperTrainingPrompts } from '@heed/emoji-world';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupBy } from '../collections/group-by.ts';
import { selectPrompts } from './select.ts';

describe('selectPrompts', () => {
  it('spreads over categories and keeps the order', () => {
    const chosen = selectPrompts(paperTrainingPrompts(), 100);
    expect(
      Object.fromEntries([...groupBy(chosen, ({ category }) => category)].map(([name, of]) => [name, of.length])),
    ).toEqual({
      count: 25,
      colour: 25,
      background: 25,
      combination: 25,
    });
    expect(new Set(chosen.map(({ text }) => text)).size).toBe(100);
    expect(selectPrompts(paperEvaluationPrompts(), 24).filter(({ holdout }) => !holdout)).toHaveLength(12);
  });

  it('gives all where the limit is 0 or not below the number', () => {
    for (const limit of [0, 120, 1000]) expect(selectPrompts(paperEvaluationPrompts(), limit)).toHaveLength(120);
  });

  it('gives exactly as many as asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2774 }), (limit) => {
        expect(new Set(selectPrompts(paperTrainingPrompts(), limit)).size).toBe(limit);
      }),
      { numRuns: 30 },
    );
  });
});
