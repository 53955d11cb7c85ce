import { expect, it } from 'vitest';
import { diversity, looksDoubled, severalText } from './clip-measures.ts';
import { figureOf } from './figures.ts';
import { formatDifference, formatFigure } from './format-figure.ts';
import { otherPrompts } from './other-prompts.ts';
import { pixelMeasures } from './pixel-measures.ts';
import { upgradeEvaluation } from './upgrade-evaluation.ts';

const prompts = ['a', 'b', 'c', 'd'].map((text, i) => ({ text, category: i < 2 ? 'x' : 'y', holdout: true }));
const options = { prompts, pairs: [['tuned', 'base']] as const, bootstrap: { seed: 1, resamples: 200 } };

it('a figure has the mean of every arm, by category, and differences paired by prompt', () => {
  const base = [[0, 1], [1, 1], [0], [0]];
  const tuned = [[1, 1], [1, 1], [1], [0]];
  const figure = figureOf({ id: 'f', label: 'f', judge: 'j', unit: 'share', values: { base, tuned } }, options)!;
  expect(figure.arms.base).toMatchObject({ mean: 3 / 6, count: 6 });
  expect(figure.arms.base!.byCategory.x!.mean).toBe(3 / 4);
  expect(figure.arms.tuned!.byCategory.y!.mean).toBe(1 / 2);
  const [{ interval } = { interval: undefined }] = figure.differences;
  expect(interval!.mean).toBeCloseTo((0.5 + 0 + 1 + 0) / 4);
  expect(interval!.lo).toBeLessThanOrEqual(interval!.mean);
  expect(interval!.hi).toBeGreaterThanOrEqual(interval!.mean);
});

it('a figure leaves out arms and prompts that were not judged, and is none where nothing was', () => {
  const values = { base: [[], [1], [], []], tuned: [[], [], [], []], other: [[1], [0], [], []] };
  const figure = figureOf({ id: 'f', label: 'f', judge: 'j', unit: 'share', values }, options)!;
  expect(Object.keys(figure.arms)).toEqual(['base', 'other']);
  expect(figure.differences).toEqual([]);
  expect(figure.arms.base!.byCategory).toEqual({ x: { mean: 1, lo: 1, hi: 1 } });
  const empty = { base: prompts.map(() => []) };
  expect(figureOf({ id: 'f', label: 'f', judge: 'j', unit: 'share', values: empty }, options)).toBeUndefined();
});

it('saturation and brightness are those of HSV and Rec. 709', () => {
  const image = (...data: number[]) => ({ width: data.length / 3, height: 1, data: Uint8Array.from(data) });
  expect(pixelMeasures(image(255, 0, 0, 128, 128, 128))).toEqual({
    saturation: 0.5,
    brightness: expect.closeTo((0.2126 + 128 / 255) / 2),
  });
  expect(pixelMeasures(image(0, 0, 0))).toEqual({ saturation: 0, brightness: 0 });
  expect(pixelMeasures(image(255, 255, 255)).brightness).toBeCloseTo(1);
});

const rows: Record<string, Float32Array> = {
  right: Float32Array.of(1, 0),
  same: Float32Array.of(2, 0),
  up: Float32Array.of(0, 1),
  'a dog': Float32Array.of(1, 0.1),
  'several copies of the same thing: a dog': Float32Array.of(0.1, 1),
};
const features = { image: (id: string) => rows[id]!, text: (text: string) => rows[text]! };

it('diversity is 0 for images that look the same to CLIP, 1 for those at right angles, and none for one image', () => {
  expect(diversity(['right', 'same'], features)).toEqual([0]);
  expect(diversity(['right', 'up'], features)).toEqual([1]);
  expect(diversity(['right', 'same', 'up'], features)[0]).toBeCloseTo(2 / 3);
  expect(diversity(['right'], features)).toEqual([]);
});

it('asks CLIP about doubled objects for prompts alone that name no number', () => {
  expect(looksDoubled('right', 'a dog', features)).toEqual([0]);
  expect(looksDoubled('up', 'a dog', features)).toEqual([1]);
  for (const several of ['two dogs', 'a pair of cats', '3 birds', 'Several apples.']) {
    expect(severalText(several)).toBeUndefined();
    expect(looksDoubled('up', several, features)).toEqual([]);
  }
});

it('takes the named prompts outside the categories, else the own ones in other styles', () => {
  const own = ['A dog.', 'NASA on the moon', 'a cat'].map((text) => ({ text, category: 'x', holdout: true }));
  expect(otherPrompts(['one', 'one', 'two'], own).map(({ text }) => text)).toEqual(['one', 'two']);
  expect(otherPrompts([], own).map(({ text }) => text)).toEqual([
    'An oil painting: a dog.',
    'A pencil sketch: NASA on the moon',
    'A stained glass window: a cat',
  ]);
  expect(otherPrompts([], [])).toEqual([]);
});

it('writes shares in percent with differences in points, and numbers as they are', () => {
  const interval = { mean: 0.0371, lo: -0.01, hi: 0.1 };
  expect(formatFigure(interval, 'share')).toBe('3.7 % [-1.0, 10.0]');
  expect(formatDifference(interval, 'share')).toBe('+3.7 points [-1.0, 10.0]');
  expect(formatDifference({ mean: -0.5, lo: -1, hi: 0 }, 'number')).toBe('-0.500 [-1.000, 0.000]');
});

it('reads an evaluation of an older heed as one of the emoji world', () => {
  const old = { version: 1, judges: 'simulated', arms: [{ name: 'base' }], run: 'r' };
  expect(upgradeEvaluation(old)).toMatchObject({
    version: 2,
    world: 'emoji',
    arms: [{ name: 'base', imageIds: [] }],
    run: 'r',
    figures: [],
  });
  expect(upgradeEvaluation(null)).toBeNull();
});
