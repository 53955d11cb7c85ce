import { createRandom } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { COUNT_WORDS, describe, noun } from '../grammar.ts';
import { sampleScene } from '../scene/sample-scene.ts';
import { COLOURS } from '../vocabulary.ts';
import { cleanCaption } from './clean.ts';

test('clean captions say every attribute and say it right', () => {
  const random = createRandom(21);
  for (let i = 0; i < 600; i++) {
    const scene = sampleScene(random);
    const caption = cleanCaption(scene, random);
    const words = caption.toLowerCase();
    const named = new RegExp(`\\b${noun(scene.object, scene.count)}\\b`);
    expect(words).toMatch(named);
    expect(words.includes(scene.background?.toLowerCase() ?? '')).toBe(true);
    if (scene.count > 1) expect(words).toContain(COUNT_WORDS[scene.count]);
    else expect(words).toMatch(/\b(a|an|one)\b/);
    const colours = COLOURS.filter((c) => new RegExp(`\\b${c}\\b`).test(words));
    expect(colours).toEqual(scene.colour ? [scene.colour] : []);
  }
});

test('half of them are the template, and they are never empty of variety', () => {
  const random = createRandom(22);
  const scene = { object: 'wolf', colour: 'blue', count: 2, background: 'San Francisco', style: 'noto' } as const;
  const captions = Array.from({ length: 2000 }, () => cleanCaption(scene, random));
  const template = captions.filter((c) => c === describe(scene)).length / 2000;
  expect(template).toBeGreaterThan(0.45);
  expect(new Set(captions)).toEqual(
    new Set([
      'Two blue wolves in San Francisco.',
      'A picture of two blue wolves in San Francisco.',
      'There are two blue wolves in San Francisco.',
      'In San Francisco, two blue wolves.',
      'two blue wolves in San Francisco',
    ]),
  );
});

test('the same generator state gives the same caption', () => {
  const scene = sampleScene(createRandom(3));
  expect(cleanCaption(scene, createRandom(4))).toBe(cleanCaption(scene, createRandom(4)));
});
