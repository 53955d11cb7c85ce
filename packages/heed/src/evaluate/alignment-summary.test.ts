/** Shares counted by hand on four prompts. */
import { describe, expect, it } from 'vitest';
import type { Prompt } from '../prompts/prompt.ts';
import type { JudgedPrompt } from './alignment-summary.ts';
import { alignmentDifference, summariseAlignment, summariseAttributes } from './alignment-summary.ts';

function judged(category: Prompt['category'], seen: boolean, right: readonly boolean[]): JudgedPrompt {
  const prompt: Prompt = { text: 'Two dogs.', category, holdout: !seen };
  return { prompt, alignments: right.map((correct) => ({ correct, perAttribute: { object: true, count: correct } })) };
}

const FOUR = [
  judged('count', true, [true, false]),
  judged('count', false, [false, false]),
  judged('colour', true, [true, true]),
  judged('colour', false, [true, false]),
];

describe('summariseAlignment', () => {
  it('splits by category and by seen', () => {
    const summary = summariseAlignment(FOUR, { seed: 1 });
    expect(summary.mean).toBe(0.5);
    expect(summary.lo).toBeLessThan(0.5);
    expect(summary.hi).toBeGreaterThan(0.5);
    expect(summary.byCategory.count?.mean).toBe(0.25);
    expect(summary.byCategory.count?.unseen?.mean).toBe(0);
    expect(summary.byCategory.colour?.seen?.mean).toBe(1);
  });
});

describe('summariseAttributes', () => {
  it('gives a share for each attribute asked for', () => {
    const shares = summariseAttributes(FOUR, { seed: 1 });
    expect(shares.object?.mean).toBe(1);
    expect(shares.count?.mean).toBe(0.5);
    expect(shares.background).toBeUndefined();
  });
});

describe('alignmentDifference', () => {
  it('is paired by prompt', () => {
    const better = FOUR.map(({ prompt }) => ({ ...judged(prompt.category, !prompt.holdout, [true, true]), prompt }));
    expect(alignmentDifference(better, FOUR, { seed: 1 }).mean).toBe(0.5);
    expect(alignmentDifference(FOUR, FOUR, { seed: 1 })).toEqual({ mean: 0, lo: 0, hi: 0 });
  });

  it('refuses sides of different length', () => {
    expect(() => alignmentDifference(FOUR, FOUR.slice(1), { seed: 1 })).toThrow(/4 and 3/);
  });
});
