import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ART_FOLDER } from '../paths.ts';
import { OBJECTS } from '../vocabulary.ts';
import { drawingToSvg, readArt } from './art-file.ts';
import { ART_STYLES, HELD_OUT_STYLES, TRAINING_STYLES } from './styles.ts';

test.each(ART_STYLES.map((s) => s.name))('%s has a drawing for every object and stays small', async (style) => {
  const drawings = await readArt(style);
  expect([...drawings.keys()]).toEqual(OBJECTS.map((o) => o.name));
  expect((await stat(join(ART_FOLDER, `art-${style}.json`))).size).toBeLessThan(150_000);
});

test('the held-out style is not trained on', () => {
  expect(TRAINING_STYLES).toEqual(['noto']);
  expect(HELD_OUT_STYLES).toEqual(['fluent-emoji-flat', 'twemoji']);
});

test('an svg keeps the proportions of its view box', () => {
  const svg = drawingToSvg({ icon: 'x', viewBox: [0, 0, 20, 10], body: '<path d="M0 0"/>' }, 64);
  expect(svg).toContain('width="64" height="32" viewBox="0 0 20 10"');
});
