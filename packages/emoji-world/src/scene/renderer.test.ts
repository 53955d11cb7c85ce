import type { RgbImage } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { beforeAll, expect, test } from 'vitest';
import { ART_STYLES, HELD_OUT_STYLES } from '../art/styles.ts';
import type { ColourName } from '../vocabulary.ts';
import { BACKGROUNDS, COLOURS, COUNTS, OBJECTS } from '../vocabulary.ts';
import { paintBackground } from './backgrounds/paint-background.ts';
import { createCanvas } from './canvas.ts';
import type { Renderer } from './renderer.ts';
import { createRenderer, SCENE_SIZE } from './renderer.ts';
import { sampleScene } from './sample-scene.ts';
import type { Scene } from './scene.ts';
import { middleTone } from './tint.ts';

let renderer: Renderer;
beforeAll(async () => {
  renderer = await createRenderer();
});

/**
 * Which pixels the objects changed: the ground is the first thing drawn, so the same seed paints it again without them.
 */
function objectMask(image: RgbImage, scene: Scene, seed: number): Uint8Array {
  const ground = createCanvas(SCENE_SIZE, SCENE_SIZE);
  paintBackground(ground, scene.background, createRandom(seed));
  const mask = new Uint8Array(SCENE_SIZE ** 2);
  for (let i = 0; i < image.data.length; i++) {
    if (Math.abs(image.data[i]! - ground.data[i]!) > 24) mask[Math.floor(i / 3)] = 1;
  }
  return mask;
}

/** Connected parts (8 neighbours) of at least `smallest` pixels. */
function countParts(mask: Uint8Array, smallest: number): number {
  const open = Uint8Array.from(mask);
  let parts = 0;
  for (let start = 0; start < open.length; start++) {
    if (open[start] === 0) continue;
    let size = 0;
    const stack = [start];
    open[start] = 0;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      size++;
      const [x, y] = [at % SCENE_SIZE, Math.floor(at / SCENE_SIZE)];
      for (let ny = Math.max(0, y - 1); ny <= Math.min(SCENE_SIZE - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(SCENE_SIZE - 1, x + 1); nx++) {
          const next = ny * SCENE_SIZE + nx;
          if (open[next] === 1) {
            open[next] = 0;
            stack.push(next);
          }
        }
      }
    }
    if (size >= smallest) parts++;
  }
  return parts;
}

/** Hue in degrees and saturation of HSV. */
function hueOf([r, g, b]: readonly [number, number, number]): { hue: number; saturation: number } {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)];
  const span = most - least || 1;
  const sector = most === r ? (g - b) / span : most === g ? 2 + (b - r) / span : 4 + (r - g) / span;
  return { hue: (sector * 60 + 360) % 360, saturation: most === 0 ? 0 : (most - least) / most };
}

test('the same scene and seed give the same picture, another seed another', () => {
  const scene: Scene = { object: 'fox' as never, count: 3, style: 'noto' };
  expect(() => renderer.render(scene, createRandom(1))).toThrow('fox');
  for (let seed = 0; seed < 20; seed++) {
    const drawn = sampleScene(createRandom(seed));
    const first = renderer.render(drawn, createRandom(seed));
    const [again, other] = [seed, seed + 1000].map((s) => renderer.render(drawn, createRandom(s)).data);
    expect(Buffer.compare(first.data, again!)).toBe(0);
    expect(Buffer.compare(first.data, other!)).not.toBe(0);
  }
});

test('a picture does not depend on what was drawn before it', async () => {
  const fresh = await createRenderer({ styles: ['noto'] });
  const scene: Scene = { object: 'tree', colour: 'pink', count: 4, background: 'sea', style: 'noto' };
  expect(fresh.render(scene, createRandom(5)).data).toEqual(renderer.render(scene, createRandom(5)).data);
});

test('each pair of attributes renders in each style, and shows something', () => {
  const scenes: Scene[] = ART_STYLES.flatMap(({ name: style }) =>
    OBJECTS.flatMap(({ name: object }, o) => [
      ...COUNTS.map((count) => ({ object, count, style })),
      ...COLOURS.map((colour, c) => ({ object, colour, count: COUNTS[(o + c) % 6]!, style })),
      ...BACKGROUNDS.map(({ name: background }, b) => ({ object, background, count: COUNTS[(o + b) % 6]!, style })),
      ...BACKGROUNDS.map(({ name: background }, b) => ({
        object,
        colour: COLOURS[(o + b) % 9]!,
        background,
        count: COUNTS[b % 6]!,
        style,
      })),
    ]),
  );
  const odd = scenes.filter((scene, seed) => {
    const image = renderer.render(scene, createRandom(seed));
    const shown = objectMask(image, scene, seed).reduce((a, b) => a + b, 0);
    return image.data.length !== 64 * 64 * 3 || shown < 200 || shown > 3000;
  });
  expect(odd).toEqual([]);
});

test('on plain ground there are as many separate parts as the count says', () => {
  // Drawings in one piece; a plate comes with knife and fork beside it.
  const whole = OBJECTS.filter(({ name }) => !['plate', 'cup', 'bicycle'].includes(name));
  for (const { name: style } of ART_STYLES) {
    for (const [o, { name: object }] of whole.entries()) {
      for (const count of COUNTS) {
        const scene: Scene = { object, colour: COLOURS[o % 5]!, count, style };
        const seed = o * 6 + count;
        const parts = countParts(objectMask(renderer.render(scene, createRandom(seed)), scene, seed), 12);
        expect(`${style} ${object} ${parts}`).toBe(`${style} ${object} ${count}`);
      }
    }
  }
});

test('recoloured objects have the hue of their colour', () => {
  const chromatic: ColourName[] = ['red', 'yellow', 'green', 'blue', 'pink', 'purple', 'brown'];
  for (const [o, { name: object }] of OBJECTS.entries()) {
    for (const colour of chromatic) {
      const scene: Scene = { object, colour, count: 2, style: ART_STYLES[o % 3]!.name };
      const image = renderer.render(scene, createRandom(o));
      const mask = objectMask(image, scene, o);
      const expected = hueOf(middleTone(colour)).hue;
      let right = 0;
      let coloured = 0;
      for (let i = 0; i < mask.length; i++) {
        const pixel = hueOf([image.data[i * 3]!, image.data[i * 3 + 1]!, image.data[i * 3 + 2]!]);
        if (mask[i] === 0 || pixel.saturation < 0.3) continue;
        coloured++;
        if (Math.abs(((pixel.hue - expected + 540) % 360) - 180) < 15) right++;
      }
      expect(coloured, `${object} ${colour}`).toBeGreaterThan(60);
      expect(right / coloured, `${object} ${colour}`).toBeGreaterThan(0.9);
    }
  }
});

test('backgrounds of one place are more alike than those of two', () => {
  const means = [undefined, ...BACKGROUNDS.map((b) => b.name)].map((background) =>
    Array.from({ length: 8 }, (_, seed) => {
      const canvas = createCanvas(SCENE_SIZE, SCENE_SIZE);
      paintBackground(canvas, background, createRandom(seed));
      // Mean colours of eight bands, top to bottom: a poor eye's view of the place.
      return Array.from({ length: 24 }, (_, i) => {
        const rows = canvas.data.subarray(Math.floor(i / 3) * 8 * 64 * 3, (Math.floor(i / 3) + 1) * 8 * 64 * 3);
        return rows.reduce((total, value, at) => total + (at % 3 === i % 3 ? value : 0), 0) / 512;
      });
    }),
  );
  const apart = (a: number[], b: number[]) => Math.hypot(...a.map((value, i) => value - b[i]!));
  const all = means.flatMap((list, place) => list.map((bands) => ({ place, bands })));
  const confused = all.filter(({ place, bands }) => {
    const nearest = all
      .filter((o) => o.bands !== bands)
      .toSorted((a, b) => apart(a.bands, bands) - apart(b.bands, bands))[0];
    return nearest?.place !== place;
  });
  expect(confused).toEqual([]);
});

test('a style that was not rasterised is refused', async () => {
  const training = await createRenderer({ styles: ['noto'] });
  expect(() => training.render({ object: 'dog', count: 1, style: HELD_OUT_STYLES[0]! }, createRandom(1))).toThrow(
    HELD_OUT_STYLES[0]!,
  );
});
