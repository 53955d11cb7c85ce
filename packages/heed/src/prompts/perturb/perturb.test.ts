// Other prompts for free texts: one word swapped and the rest as it was, and other prompts where no word is known.
import { createRandom } from '@heed/diffusion/autodiff';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nounsIn, thingsOf } from './nouns.ts';
import { perturbText } from './perturb-text.ts';
import { pluralOf, singularOf } from './plural.ts';
import { swapWords } from './swap-words.ts';

const swaps = (text: string, things: readonly string[] = []) => swapWords(text, { things }).flat();
const nounsOf = (text: string) => nounsIn(text).map(({ singular, isPlural }) => (isPlural ? `${singular}+` : singular));

describe('words that are swapped', () => {
  it('are colours', () => {
    expect(swaps('a red car')).toContain('a blue car');
    expect(swaps('a red car')).toContain('an orange car');
    expect(swaps('An orange tabby')).toContain('A green tabby');
    expect(swaps('a gray wolf')).not.toContain('a grey wolf');
    expect(swaps('two ripe bananas and an orange')).not.toContain('two ripe bananas and a red');
    expect(swaps('a redhead')).toEqual([]);
  });

  it('are counts in words and digits, with plural and verb', () => {
    expect(swaps('two dogs are running')).toEqual(
      expect.arrayContaining(['three dogs are running', 'one dog is running']),
    );
    expect(swaps('3 wolves')).toEqual(expect.arrayContaining(['5 wolves', '1 wolf']));
    expect(swaps('One child is asleep')).toContain('Four children are asleep');
    expect(swaps('seven small boxes')).toContain('one small box');
  });

  it('are no counts where a number means something else', () => {
    for (const text of [
      'a forest, 4k',
      'shot on 35mm',
      'f/2 aperture',
      'the 3 of hearts',
      'the one with a hat',
      '16:9',
      'one of the dogs',
    ]) {
      expect(swaps(text).filter((each) => /two|five|\b5\b/.test(each))).toEqual([]);
    }
  });

  it('are places with their preposition', () => {
    expect(swaps('a bear in the woods')).toContain('a bear on the moon');
    expect(swaps('a bear in the woods')).not.toContain('a bear in the woods');
    expect(swaps('a house near the river')).toContain('a house near the castle');
    expect(swaps('a city at night')).toContain('a desert at night');
  });

  it("are the project's own things, in the right number", () => {
    expect(swaps('an old astronaut', ['bear', 'wolf'])).toEqual(['an old bear', 'an old wolf']);
    expect(swaps('two bears', ['wolf'])).toContain('two wolves');
    expect(swaps('A bear', ['astronaut', 'bear'])).toEqual(['An astronaut']);
    expect(swaps('an apple', ['unicorn', 'hourglass'])).toEqual(['a unicorn', 'an hourglass']);
  });

  it('leave everything else as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (noise) => {
        const clean = noise.replace(/[\p{L}\p{N}\s'’_-]/gu, '');
        const text = `${clean} a blue vase ${clean}`;
        for (const other of swaps(text, ['wolf'])) {
          expect(other).not.toBe(text);
          expect(other.startsWith(`${clean} a`) && other.endsWith(` ${clean}`)).toBe(true);
        }
      }),
    );
  });
});

describe('things of prompts', () => {
  it.each([
    ['a sleeping bear in the woods', ['bear']],
    ['an astronaut riding a horse on mars', ['astronaut', 'horse']],
    ['a photo of two red cars', ['car+']],
    ['three people with 2 dogs', ['person+', 'dog+']],
    ['a city at night', []],
    ['a painting of a fox, oil on canvas', ['fox']],
    ['ein Bär im Wald', []],
    ["a kid's drawing of a house", []],
    ['a dog’s toy in the rain', ['toy']],
    ['a photo of the Eiffel Tower', []],
    ['A PINK GIRAFFE', ['giraffe']],
    ['A pink colored giraffe.', ['giraffe']],
    ['a man and a woman holding hands', ['man', 'woman']],
    ['', []],
  ])('in %j', (text, expected) => {
    expect(nounsOf(text)).toEqual(expected);
  });

  it('are named once', () => {
    expect(thingsOf(['a bear', 'two bears', 'the wolf'])).toEqual(['bear', 'wolf']);
  });

  it.each([
    ['dog', 'dogs'],
    ['box', 'boxes'],
    ['wolf', 'wolves'],
    ['child', 'children'],
    ['city', 'cities'],
    ['sheep', 'sheep'],
    ['bus', 'buses'],
    ['toy', 'toys'],
  ])('%s, %s', (singular, plural) => {
    expect(pluralOf(singular)).toBe(plural);
    if (singular !== plural) expect(singularOf(plural)).toBe(singular);
  });
});

describe('perturbText', () => {
  const prompts = [
    'a bear in the woods',
    'an astronaut',
    'A bear!',
    'two cats',
    'ein Bär im Wald',
    '森の中の熊',
    'quiet',
  ];
  const project = { things: thingsOf(prompts), prompts };
  const perturb = (text: string, count = 10, seed = 1) =>
    perturbText(text, { count, random: createRandom(seed), project });

  it('gives as many as asked, none the prompt itself, the same for a seed', () => {
    const { texts, source } = perturb('a bear in the woods');
    expect(new Set(texts).size).toBe(10);
    expect(texts).not.toContain('a bear in the woods');
    expect(source).toBe('words');
    expect(perturb('a bear in the woods')).toEqual({ texts, source });
    expect(perturb('a bear in the woods', 10, 2).texts).not.toEqual(texts);
  });

  it('takes other prompts where it knows no word, but none that asks for nothing else', () => {
    const { texts, source } = perturb('ein Bär im Wald');
    expect(source).toBe('prompts');
    expect([...texts].sort()).toEqual(prompts.filter((text) => text !== 'ein Bär im Wald').sort());
    expect(perturb('quiet, bear').texts).not.toContain('quiet');
    expect(perturb('森の中の熊').source).toBe('prompts');
  });

  it('fills up with other prompts, and has none for a lone prompt without known words', () => {
    expect(perturb('an astronaut', 30).source).toBe('words-and-prompts');
    const alone = perturbText('stillness', {
      count: 5,
      random: createRandom(1),
      project: { things: [], prompts: ['stillness'] },
    });
    expect(alone).toEqual({ texts: [], source: 'none' });
  });
});
