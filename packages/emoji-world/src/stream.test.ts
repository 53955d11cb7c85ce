import { expect, test } from 'vitest';
import { createRenderer } from './scene/renderer.ts';
import { createPretrainingStream } from './stream.ts';

test('an example depends on the seed and its index alone', async () => {
  const renderer = await createRenderer({ styles: ['noto', 'fluent-emoji-flat'] });
  const stream = await createPretrainingStream({ seed: 5, renderer });
  const inOrder = [];
  for (const example of stream) {
    inOrder.push(example);
    if (inOrder.length === 12) break;
  }
  const again = await createPretrainingStream({ seed: 5, renderer });
  expect(again.at(11)).toEqual(inOrder[11]);
  expect(again.at(3)).toEqual(inOrder[3]);
  expect(new Set(inOrder.map((e) => e.caption)).size).toBeGreaterThan(9);
  const other = await createPretrainingStream({ seed: 6, renderer });
  expect(other.at(3)).not.toEqual(inOrder[3]);
});

test('scenes and noise can be narrowed', async () => {
  const stream = await createPretrainingStream({ seed: 1, scenes: { styles: ['twemoji'] }, noise: { junk: 0 } });
  expect(stream.at(0).scene.style).toBe('twemoji');
  expect(stream.at(0).image.data.length).toBe(64 * 64 * 3);
});
