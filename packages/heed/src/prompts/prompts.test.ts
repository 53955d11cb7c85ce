// The paper's prompts, their composition, and what perturbation may and may not do.
import { createHash } from 'node:crypto';
import { createRandom } from '@heed/diffusion/autodiff';
import { BACKGROUNDS, COLOURS, COUNTS, describe as describeAttributes, OBJECTS } from '@heed/emoji-world';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluationPrompts } from './evaluation-prompts.ts';
import { swapKnownWords } from './known-words.ts';
import { perturb } from './perturb.ts';
import { categoryOf, type Prompt } from './prompt.ts';
import { toPrompt } from './prompts-file.ts';
import { selectPrompts } from './select.ts';
import { parseTemplate } from './template.ts';
import { PAPER_IMAGES_PER_PROMPT, trainingPrompts } from './training-prompts.ts';

const tally = (prompts: readonly Prompt[], keyOf: (prompt: Prompt) => unknown) => {
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
  const prompts = trainingPrompts();

  it('are 2,774 different ones that make 27,528 images, as in the paper', () => {
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(2774);
    expect(prompts.reduce((sum, { category }) => sum + PAPER_IMAGES_PER_PROMPT[category], 0)).toBe(27_528);
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
    expect(Object.keys(tally(prompts, ({ attributes }) => attributes?.object))).toHaveLength(20);
  });

  it('give every colour, count and background its share of the combinations', () => {
    const combinations = prompts.filter(({ category }) => category === 'combination');
    for (const [key, kinds] of [['colour', 9] as const, ['count', 6] as const, ['background', 8] as const]) {
      const counts = Object.values(tally(combinations, ({ attributes }) => attributes?.[key]));
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
    const seen = evaluationPrompts().filter((prompt) => prompt.seen);
    expect(seen.filter(({ text }) => !texts.has(text))).toEqual([]);
  });
});

describe('evaluation prompts', () => {
  const prompts = evaluationPrompts();

  it('are the 120 of table 4 with its cut rows completed', () => {
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(120);
    expect(tally(prompts, ({ category, seen }) => `${category} ${seen}`)).toEqual({
      'colour true': 20,
      'background true': 20,
      'count true': 20,
      'colour false': 20,
      'background false': 20,
      'count false': 20,
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
        expect(toPrompt(text, undefined).category).toBe(categoryOf(attributes));
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
      fc.property(attributesArbitrary, fc.integer({ min: 1, max: 15 }), fc.nat(), (attributes, count, seed) => {
        const text = describeAttributes(attributes);
        const seen = OBJECTS.find(({ name }) => name === attributes.object)!.seen;
        const prompt: Prompt = { text, category: categoryOf(attributes), seen, attributes };
        const texts = perturb(prompt, { count, random: createRandom(seed) });
        expect(new Set(texts).size).toBe(count);
        for (const perturbed of texts) {
          const meaning = parseTemplate(perturbed);
          expect(meaning).toBeDefined();
          expect(meaning).not.toEqual(attributes);
          // Swaps change what is asked for and never ask for more or less.
          expect(Object.keys(meaning!).sort()).toEqual(Object.keys(attributes).sort());
          if (seen) expect(OBJECTS.find(({ name }) => name === meaning!.object)!.seen).toBe(true);
        }
      }),
    );
  });

  it('swaps every kind of attribute in turn', () => {
    const prompt = toPrompt('Two blue dogs in the forest.', undefined);
    const changed = perturb(prompt, { count: 8, random: createRandom(3) }).map((text) => {
      const meaning = parseTemplate(text)!;
      return (['object', 'colour', 'count', 'background'] as const).filter(
        (key) => meaning[key] !== prompt.attributes![key],
      );
    });
    expect(changed.every((keys) => keys.length === 1)).toBe(true);
    expect(
      Object.values(
        tally(
          changed.map((keys) => toPrompt(keys[0]!, undefined)),
          ({ text }) => text,
        ),
      ),
    ).toEqual([2, 2, 2, 2]);
  });

  it('is the same for the same seed', () => {
    const prompt = trainingPrompts()[500]!;
    const once = perturb(prompt, { random: createRandom(9) });
    expect(perturb(prompt, { random: createRandom(9) })).toEqual(once);
    expect(perturb(prompt, { random: createRandom(10) })).not.toEqual(once);
  });

  it('swaps the known words of a text without attributes and mends its grammar', () => {
    const texts = swapKnownWords('An old photo of one apple and a red car near the sea').flat();
    expect(texts).toContain('An old photo of one dog and a red car near the sea');
    expect(texts).toContain('An old photo of three apples and a red car near the sea');
    expect(texts).toContain('An old photo of one apple and a blue car near the sea');
    expect(texts).toContain('An old photo of one apple and a red car near the moon');
    expect(swapKnownWords('a dog on the moon').flat()).toContain('an airplane on the moon');
    expect(swapKnownWords('A dog on the moon').flat()).toContain('A dog in San Francisco');
    expect(swapKnownWords('Three oranges').flat()).toContain('One orange');
    expect(swapKnownWords('an orange tabby in a scarf').flat()).toEqual([]);
  });

  it('has nothing to say on a text without known words', () => {
    expect(perturb(toPrompt('A quiet evening.', undefined), { random: createRandom(1) })).toEqual([]);
  });

  it('leaves free text around the swapped word as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.nat(), (noise, seed) => {
        const clean = noise.replace(/[\p{L}\p{N}\s]/gu, '');
        const prompt = toPrompt(
          `${clean} a blue vase ${clean}`.trim().replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ''),
          undefined,
        );
        for (const text of perturb(prompt, { count: 5, random: createRandom(seed) }))
          expect(text).not.toBe(prompt.text);
      }),
    );
  });
});

describe('selectPrompts', () => {
  it('spreads over categories and keeps the order', () => {
    const chosen = selectPrompts(trainingPrompts(), 100);
    expect(tally(chosen, ({ category }) => category)).toEqual({
      count: 25,
      colour: 25,
      background: 25,
      combination: 25,
    });
    expect(new Set(chosen.map(({ text }) => text)).size).toBe(100);
    expect(selectPrompts(evaluationPrompts(), 24).filter(({ seen }) => seen)).toHaveLength(12);
  });

  it('gives all where the limit is 0 or not below the number', () => {
    for (const limit of [0, 120, 1000]) expect(selectPrompts(evaluationPrompts(), limit)).toHaveLength(120);
  });

  it('gives exactly as many as asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2774 }), (limit) => {
        expect(new Set(selectPrompts(trainingPrompts(), limit)).size).toBe(limit);
      }),
      { numRuns: 30 },
    );
  });
});
