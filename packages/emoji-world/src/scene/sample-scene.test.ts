import { createRandom } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { TRAINING_STYLES } from '../art/styles.ts';
import { BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';
import { SCENE_DISTRIBUTION, sampleScene } from './sample-scene.ts';
import type { Scene } from './scene.ts';

const N = 6000;
const random = createRandom(11);
const scenes = Array.from({ length: N }, () => sampleScene(random));
const share = (test: (scene: Scene) => boolean) => scenes.filter(test).length / N;

test('scenes follow the distribution asked for', () => {
  expect(share((s) => s.colour === undefined)).toBeCloseTo(0.25, 1);
  expect(share((s) => s.background === undefined)).toBeCloseTo(0.3, 1);
  for (const count of COUNTS) expect(share((s) => s.count === count)).toBeCloseTo(SCENE_DISTRIBUTION.counts[count], 1);
});

test('nothing of the world is missing, and the held-out styles are', () => {
  expect(new Set(scenes.map((s) => s.object)).size).toBe(OBJECTS.length);
  expect(new Set(scenes.map((s) => s.colour)).size).toBe(COLOURS.length + 1);
  expect(new Set(scenes.map((s) => s.background)).size).toBe(BACKGROUNDS.length + 1);
  expect(new Set(scenes.map((s) => s.style))).toEqual(new Set(TRAINING_STYLES));
  expect(sampleScene(random, { styles: ['twemoji'] }).style).toBe('twemoji');
});
