// The paper's prompts, their composition, and what perturbation may and may not do.
import { createHash } from 'node:crypto';
import { createRandom } from '@heed/diffusion/autodiff';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describe as describeAttributes } from '../grammar.ts';
import { BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';
import { emojiWorld } from '../world.ts';
import { paperEvaluationPrompts } from './evaluation-prompts.ts';
import { categoryOf, type PaperPrompt } from './paper-prompt.ts';
import { perturbTemplate } from './perturb.ts';
import { parseTemplate } from './template.ts';
import { paperTrainingPrompts } from './training-prompts.ts';

const tally = (prompts: readonly PaperPrompt[], keyOf: (prompt: PaperPrompt) => unknown) => {
  const counts: Record<string, number> = {};
  for (const prompt of prompts) counts[String(keyOf(prompt))] = (counts[String(keyOf(prompt))] ?? 0) + 1;
  return counts;
};

const attributesArbitrary = fc
  .record({
    object: fc.constantFrom(...OBJECTS.map(({ name }) => name)),
    colour: fc.option(fc.constantFrom(...COLOURS), { nil: undefined }),
    count: fc.option(fc.constantFrom(...COUNTS), { nil: undefined }),
    background: fc.option(fc.constantFrom(...BACKGROUNDS.map(({ name }) => name)), { nil: undefined }),
  })
  .map(({ object, colour, count, background }) => ({
    object,
    ...(colour === undefined ? {} : { colour }),
    ...(count === undefined ? {} : { count }),
    ...(background === undefined ? {} : { background }),
  }));

describe('training prompts', () => {
  const prompts = paperTrainingPrompts();

  it('are 2,774 different ones that make 27,528 images, as in the paper', () => {
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(2774);
    const imagesEach: Record<string, number> = { count: 60, colour: 60, background: 30, combination: 6 };
    expect(prompts.reduce((sum, { category }) => sum + imagesEach[category]!, 0)).toBe(27_528);
    expect(tally(prompts, ({ category }) => category)).toEqual({
      count: 108,
      colour: 58,
      background: 80,
      combination: 2528,
    });
  });

  it('never name an unseen object', () => {
    const unseen = OBJECTS.filter(({ seen }) => !seen).flatMap(({ name, plural }) => [name, plural]);
    const found = prompts.filter(({ text }) => unseen.some((word) => new RegExp(`\\b${word}\\b`).test(text)));
    expect(found).toEqual([]);
    expect(Object.keys(tally(prompts, ({ facts }) => facts.object))).toHaveLength(20);
  });

  it('give every colour, count and background its share of the combinations', () => {
    const combinations = prompts.filter(({ category }) => category === 'combination');
    for (const [key, kinds] of [['colour', 9] as const, ['count', 6] as const, ['background', 8] as const]) {
      const counts = Object.values(tally(combinations, ({ facts }) => facts[key]));
      expect(counts).toHaveLength(kinds);
      expect(Math.min(...counts)).toBeGreaterThan((0.85 * 2528) / kinds);
      expect(Math.max(...counts)).toBeLessThan((1.15 * 2528) / kinds);
    }
  });

  it('are the same list everywhere and always', () => {
    const text = prompts.map((prompt) => prompt.text).join('\n');
    expect(createHash('sha256').update(text).digest('hex').slice(0, 16)).toMatchInlineSnapshot(`"c04d5a68a93d2caf"`);
  });

  it('contain every seen evaluation prompt', () => {
    const texts = new Set(prompts.map(({ text }) => text));
    const seen = paperEvaluationPrompts().filter((prompt) => !prompt.holdout);
    expect(seen.filter(({ text }) => !texts.has(text))).toEqual([]);
  });
});

describe('evaluation prompts', () => {
  const prompts = paperEvaluationPrompts();

  it('are the 120 of table 4 with its cut rows completed', () => {
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(120);
    expect(tally(prompts, ({ category, holdout }) => `${category} ${holdout ? 'held out' : 'seen'}`)).toEqual({
      'colour seen': 20,
      'background seen': 20,
      'count seen': 20,
      'colour held out': 20,
      'background held out': 20,
      'count held out': 20,
    });
    expect(prompts.slice(55, 60).map(({ text }) => text)).toEqual([
      'Five dogs.',
      'Five donuts.',
      'Five cakes.',
      'Five vases.',
      'Five apples.',
    ]);
    expect(prompts.slice(-7).map(({ text }) => text)).toEqual([
      'Four rabbits.',
      'Four red roses.',
      'Five brown bears.',
      'Five wolves.',
      'Five tigers.',
      'Five rabbits.',
      'Five red roses.',
    ]);
  });

  it('print what the paper prints', () => {
    const texts = prompts.map(({ text }) => text);
    for (const text of ['A red colored dog.', 'An apple in the sea.', 'Two brown bears.', 'A rose on the moon.']) {
      expect(texts).toContain(text);
    }
  });
});

describe('templates', () => {
  it('are read back as what they were written from', () => {
    fc.assert(
      fc.property(attributesArbitrary, (attributes) => {
        const text = describeAttributes(attributes);
        expect(parseTemplate(text)).toEqual(attributes);
        expect(parseTemplate(` ${text.toUpperCase().replace('.', '')} `)).toEqual(attributes);
        expect(emojiWorld.vocabulary.categoryOf(emojiWorld.vocabulary.read(text)!)).toBe(categoryOf(attributes));
      }),
    );
  });

  it('do not guess at other texts', () => {
    for (const text of ['', 'dogs', 'Two dogs and a cat.', 'Seven dogs.', 'A dog in a forest.']) {
      expect(parseTemplate(text)).toBeUndefined();
    }
  });
});

describe('perturb', () => {
  it('gives as many different prompts as asked, each with another meaning', () => {
    fc.assert(
      fc.property(attributesArbitrary, fc.integer({ min: 1, max: 40 }), fc.nat(), (attributes, count, seed) => {
        const seenOnly = OBJECTS.find(({ name }) => name === attributes.object)!.seen;
        const texts = perturbTemplate(attributes, { count, random: createRandom(seed), seenOnly });
        // An object alone has 19 or 24 others, and nothing else to swap.
        if (Object.keys(attributes).length > 1 || count <= 19) expect(texts).toHaveLength(count);
        expect(new Set(texts).size).toBe(texts.length);
        for (const perturbed of texts) {
          const meaning = parseTemplate(perturbed);
          expect(meaning).toBeDefined();
          expect(meaning).not.toEqual(attributes);
          // Swaps change what is asked for and never ask for more or less.
          expect(Object.keys(meaning!).sort()).toEqual(Object.keys(attributes).sort());
          if (seenOnly) expect(OBJECTS.find(({ name }) => name === meaning!.object)!.seen).toBe(true);
        }
      }),
    );
  });

  it('swaps every kind of attribute in turn', () => {
    const attributes = parseTemplate('Two blue dogs in the forest.')!;
    const changed = perturbTemplate(attributes, { count: 8, random: createRandom(3), seenOnly: true }).map((text) => {
      const meaning = parseTemplate(text)!;
      return (['object', 'colour', 'count', 'background'] as const).filter((key) => meaning[key] !== attributes[key]);
    });
    expect(changed.every((keys) => keys.length === 1)).toBe(true);
    for (const key of ['object', 'colour', 'count', 'background']) {
      expect(changed.filter(([only]) => only === key)).toHaveLength(2);
    }
  });

  it('is the same for the same seed, and what it was when the figures of the demo were made', () => {
    const { text, facts, holdout } = paperTrainingPrompts()[500]!;
    const perturb = (seed: number) =>
      emojiWorld.perturb({ text, facts, holdout }, { count: 10, random: createRandom(seed) });
    expect(perturb(9)).toEqual(perturb(9));
    expect(perturb(10)).not.toEqual(perturb(9));
    expect([text, ...perturb(9)]).toMatchInlineSnapshot(`
      [
        "Two yellow lions in the city.",
        "Two yellow lions in the field.",
        "Two brown lions in the city.",
        "Four yellow lions in the city.",
        "Two yellow cups in the city.",
        "Two yellow lions on the moon.",
        "Two pink lions in the city.",
        "Three yellow lions in the city.",
        "Two yellow boxes in the city.",
        "Two yellow lions in the sea.",
        "Two purple lions in the city.",
      ]
    `);
  });

  it('leaves free text to others, even where its facts are known', () => {
    const perturb = (text: string) =>
      emojiWorld.perturb(
        { text, facts: { object: 'dog', count: 2 }, holdout: false },
        { count: 5, random: createRandom(1) },
      );
    expect(perturb('Two dogs.')).toHaveLength(5);
    expect(perturb('two happy dogs')).toEqual([]);
  });
});
