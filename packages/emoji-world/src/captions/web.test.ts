import { createRandom } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { COUNT_WORDS } from '../grammar.ts';
import { sampleScene } from '../scene/sample-scene.ts';
import type { Scene } from '../scene/scene.ts';
import type { Count } from '../vocabulary.ts';
import { BACKGROUNDS, backgroundWord, COLOURS, objectWord } from '../vocabulary.ts';
import { COLOUR_SYNONYMS, OBJECT_SYNONYMS, PLACE_SYNONYMS, SIMILAR_COLOURS } from './synonyms.ts';
import { WEB_CAPTION_NOISE, webCaption } from './web.ts';

const N = 6000;
const random = createRandom(31);
const pairs = Array.from({ length: N }, () => {
  const scene = sampleScene(random);
  return { scene, text: ` ${webCaption(scene, random).toLowerCase().replace(/\.$/, '')} ` };
});

/** Share of the captions of the scenes that pass `of` which pass `is`. */
function share(of: (scene: Scene) => boolean, is: (text: string, scene: Scene) => boolean): number {
  const some = pairs.filter(({ scene }) => of(scene));
  return some.filter(({ scene, text }) => is(text, scene)).length / some.length;
}

const says = (text: string, words: readonly string[]) => words.some((word) => text.includes(` ${word.toLowerCase()} `));
const countSaid = (text: string) =>
  (Object.entries(COUNT_WORDS) as [string, string][]).find(([, word]) => says(text, [word]))?.[0];

test('objects are nearly always named right', () => {
  const named = share(
    () => true,
    (text, { object }) => {
      const { name, plural } = objectWord(object);
      return says(text, [name, plural, ...(OBJECT_SYNONYMS[object] ?? []).flat()]);
    },
  );
  expect(named).toBeGreaterThan(0.92);
  expect(named).toBeLessThan(0.99);
});

test('places are mostly named right', () => {
  const named = share(
    (scene) => scene.background !== undefined,
    (text, { background }) => says(text, [backgroundWord(background!).phrase, ...PLACE_SYNONYMS[background!]]),
  );
  expect(named).toBeGreaterThan(0.8);
  expect(named).toBeLessThan(0.9);
  const invented = share(
    (s) => s.background === undefined,
    (text) =>
      says(
        text,
        BACKGROUNDS.map((b) => b.phrase),
      ),
  );
  expect(invented).toBe(0);
});

test('colours are right in half of the captions, and like ones stand in most others', () => {
  const has = (text: string, colour: (typeof COLOURS)[number]) =>
    says(text, [colour, ...(COLOUR_SYNONYMS[colour] ?? [])]);
  const right = share(
    (s) => s.colour !== undefined,
    (text, { colour }) => has(text, colour!),
  );
  expect(right).toBeGreaterThan(0.44);
  expect(right).toBeLessThan(0.56);
  const wrong = share(
    (s) => s.colour !== undefined,
    (text, { colour }) => SIMILAR_COLOURS[colour!].some((c) => has(text, c)),
  );
  expect(wrong).toBeGreaterThan(0.33);
  expect(wrong).toBeLessThan(0.44);
  const unlike = share(
    (s) => s.colour !== undefined,
    (text, { colour }) => COLOURS.some((c) => c !== colour && !SIMILAR_COLOURS[colour!].includes(c) && has(text, c)),
  );
  expect(unlike).toBeLessThan(0.01);
});

test('of several objects, most are counted and most of these wrongly', () => {
  const exact = share(
    (s) => s.count > 1,
    (text, { count }) => countSaid(text) === String(count),
  );
  const wrong = share(
    (s) => s.count > 1,
    (text, { count }) => (countSaid(text) ?? String(count)) !== String(count),
  );
  expect(exact).toBeGreaterThan(0.11);
  expect(exact).toBeLessThan(0.21);
  expect(wrong).toBeGreaterThan(0.4);
  expect(wrong).toBeLessThan(0.53);
});

test('without noise the caption is the plain truth', () => {
  const silent = Object.fromEntries(Object.keys(WEB_CAPTION_NOISE).map((key) => [key, 0]));
  const exactly = { exact: 1, wrong: 0, vague: 0, singular: 0 };
  for (let seed = 0; seed < 200; seed++) {
    const scene: Scene = {
      object: 'wolf',
      colour: 'red',
      count: (1 + (seed % 6)) as Count,
      background: 'sea',
      style: 'noto',
    };
    const text = webCaption(scene, createRandom(seed), { ...silent, manyCounted: exactly, oneCounted: exactly });
    const noun = scene.count === 1 ? 'wolf' : 'wolves';
    expect(text.toLowerCase().replace(' colored', '')).toBe(`${COUNT_WORDS[scene.count]} red ${noun} in the sea.`);
  }
});

test('captions are never empty, are deterministic, and rates can be turned', () => {
  for (const { text } of pairs) expect(text.trim().split(' ').length).toBeGreaterThan(0);
  expect(Math.min(...pairs.map(({ text }) => text.trim().length))).toBeGreaterThan(2);
  const scene = sampleScene(createRandom(8));
  expect(webCaption(scene, createRandom(9))).toBe(webCaption(scene, createRandom(9)));
  const junk = Array.from({ length: 50 }, (_, i) =>
    webCaption({ object: 'dog', count: 1, style: 'noto' }, createRandom(i), { junk: 1, truncated: 0 }),
  );
  for (const text of junk) expect(text.split(' ').length).toBeGreaterThan(1);
});
