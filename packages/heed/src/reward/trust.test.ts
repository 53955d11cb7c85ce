// How far a reward can be trusted: by the interval and by how many prompts stand behind it.
import { describe, expect, it } from 'vitest';
import { accuracyTable, type PromptPairs } from './accuracy.ts';
import { curveVerdict, learningCurve } from './learning-curve.ts';
import { categoryTrust, distrustNote, trustWords } from './trust.ts';

const pairs = (category: string, prompts: number, outcomes: readonly number[], seen = true): PromptPairs[] =>
  Array.from({ length: prompts }, (_, i) => ({
    prompt: `${category} ${seen} ${i}`,
    category,
    seen,
    outcomes: [...outcomes],
  }));

describe('trust by category', () => {
  const table = accuracyTable([
    ...pairs('animals', 12, [1, 1, 1, 0]),
    ...pairs('animals', 12, [1, 0], false),
    ...pairs('plants', 3, [1, 1]),
  ]);
  const trust = categoryTrust(table, ['animals', 'plants', 'cars']);

  it('needs an interval above chance, and five prompts', () => {
    expect(trust.map(({ category, group, prompts, trust: verdict }) => [category, group, prompts, verdict])).toEqual([
      ['animals', 'seen', 12, 'measured'],
      ['animals', 'unseen', 12, 'unsure'],
      ['plants', 'seen', 3, 'unsure'],
      ['cars', 'seen', 0, 'unmeasured'],
    ]);
    expect(trust[0]).toMatchObject({ pairs: 48, accuracy: { mean: 0.75 } });
  });

  it('is told in words: also that prompts are few, or that the reward is worse than chance', () => {
    const worse = categoryTrust(accuracyTable(pairs('trees', 12, [0, 0, 1, 0])), []);
    expect([...trust, ...worse].map(trustWords)).toEqual([
      'better than chance',
      'not told from chance',
      'not known: fewer than 5 prompts',
      'not measured: no prompt with a good and a bad held-out image',
      'worse than chance',
    ]);
  });

  it('names what is in doubt, with the figures', () => {
    expect(distrustNote(trust)).toBe(
      'the reward is not known to beat chance on animals, held out (50.0 % [50.0, 50.0] of 24 pairs); plants (100.0 % [100.0, 100.0] of 6 pairs); cars (no pair)',
    );
    expect(distrustNote(trust.slice(0, 1))).toBeUndefined();
  });
});

describe('the learning curve', () => {
  const measured = (share: number, outcomes: readonly number[]) => ({
    share,
    images: 100 * share,
    outcomes: pairs('animals', 20, outcomes),
  });

  it('says whether the second half of the labels helped, on the same pairs', () => {
    const steep = learningCurve([
      measured(0.25, [1, 0, 0, 0]),
      measured(0.5, [1, 1, 0, 0]),
      measured(1, [1, 1, 1, 0]),
    ])!;
    expect(steep.points.map(({ accuracy }) => accuracy.mean)).toEqual([0.25, 0.5, 0.75]);
    expect(steep.allMinusHalf!.mean).toBeCloseTo(0.25, 12);
    expect(curveVerdict(steep)).toBe(
      'The second half of the labels brought +25.0 [+25.0, +25.0] points: more labels would still help.',
    );
    const flat = learningCurve([measured(0.5, [1, 1, 1, 0]), measured(1, [1, 1, 1, 0])])!;
    expect(curveVerdict(flat)).toContain('would bring little');
    // Four prompts that agree by chance have an interval without width.
    const few = [0.5, 1].map((share) => ({ share, images: 100 * share, outcomes: pairs('animals', 4, [1, 0]) }));
    expect(curveVerdict(learningCurve(few)!)).toBe('Too few labels to tell what more of them would bring.');
  });

  it('is absent without a smaller share or without pairs', () => {
    expect(learningCurve([measured(1, [1, 0])])).toBeUndefined();
    expect(
      learningCurve([
        { share: 0.5, images: 5, outcomes: [] },
        { share: 1, images: 10, outcomes: [] },
      ]),
    ).toBeUndefined();
    const quarter = learningCurve([measured(0.25, [1, 0]), measured(1, [1, 1])])!;
    expect(curveVerdict(quarter)).toBe('Too few labels to tell what more of them would bring.');
  });
});
