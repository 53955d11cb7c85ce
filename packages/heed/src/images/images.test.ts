// Images go through real files: same recipe found again, recipes readable by others, torn and damaged indexes.
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseParameters } from './parameters.ts';
import { decodePng, encodePng } from './png.ts';
import type { ImageRecipe } from './record.ts';
import { createImageStore } from './store.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-images-'));
});
afterEach(() => rm(folder, { recursive: true }));

const recipe: ImageRecipe = {
  prompt: 'Two dogs.',
  category: 'count',
  holdout: false,
  facts: { object: 'dog', count: 2 },
  seed: 7,
  model: 'base',
  modelHash: '0123456789abcdef',
  sampler: 'dpmpp_2m',
  steps: 20,
  guidanceScale: 3,
  set: 'train',
  purpose: 'learn',
};

const picture = (value: number, { width = 5, height = 4 } = {}) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (value + 7 * i) % 256),
});

const imageArbitrary = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(255))
  .map(([width, height, value]) => picture(value, { width, height }));
const textArbitrary = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((text) => text.isWellFormed());

describe('png', () => {
  it('gives back pixels and text, whatever the text', () => {
    fc.assert(
      fc.property(imageArbitrary, textArbitrary, (image, text) => {
        const { parameters, recipe, ...pixels } = decodePng(encodePng(image, { parameters: text, recipe: `${text}!` }));
        expect(pixels).toEqual(image);
        expect([parameters, recipe]).toEqual([text, `${text}!`]);
      }),
    );
  });

  it('is read by libvips, with either kind of text', async () => {
    for (const text of ['plain', '犬 two 🐕']) {
      const { data, info } = await sharp(Buffer.from(encodePng(picture(9), { parameters: text })))
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height, info.channels]).toEqual([5, 4, 3]);
      expect(new Uint8Array(data)).toEqual(picture(9).data);
    }
  });

  it('refuses what is not a picture or is far too large before unpacking it', () => {
    expect(() => decodePng(new Uint8Array(100))).toThrow('expected a PNG, got other bytes');
    const bomb = Buffer.from(encodePng(picture(1), { parameters: 'x' }));
    bomb.writeUInt32BE(100_000, 16);
    bomb.writeUInt32BE(100_000, 20);
    expect(() => decodePng(bomb)).toThrow('expected at most 16000000 pixels, got 10000000000');
  });
});

describe('image store', () => {
  it('finds an image by its recipe, in a later process too, and not for another recipe', async () => {
    const first = createImageStore(folder);
    const record = await first.add(picture(1), recipe);
    await first.close();
    const store = createImageStore(folder);
    expect(store.find(recipe)).toEqual(record);
    expect(await store.read(record.id)).toEqual(picture(1));
    for (const other of [{ seed: 8 }, { prompt: 'Two cats.' }, { steps: 21 }, { modelHash: 'f' }, { set: 'eval' }]) {
      expect(store.find({ ...recipe, ...other })).toBeUndefined();
    }
  });

  it('writes the recipe into the PNG', async () => {
    const store = createImageStore(folder);
    const { file, id } = await store.add(picture(1), recipe);
    expect(file).toBe(`${id.slice(0, 2)}/${id}.png`);
    const { parameters } = decodePng(await readFile(join(folder, file)));
    expect(parseParameters(parameters!)).toMatchObject({ prompt: 'Two dogs.', seed: 7, sampler: 'dpmpp_2m' });
  });

  it('records the same recipe once and keeps one file for equal pixels', async () => {
    const store = createImageStore(folder);
    const [one, two] = [await store.add(picture(1), recipe), await store.add(picture(2), recipe)];
    expect(two).toEqual(one);
    expect(store.all()).toHaveLength(1);
  });

  it('adopts an image that another set has drawn', async () => {
    const store = createImageStore(folder);
    const record = await store.add(picture(1), recipe);
    expect(await store.adopt({ ...recipe, set: 'eval' })).toEqual({ ...record, set: 'eval' });
    expect(await store.adopt({ ...recipe, seed: 8, set: 'eval' })).toBeUndefined();
    expect(store.all({ set: 'eval' })).toHaveLength(1);
    expect(createImageStore(folder).all()).toHaveLength(2);
  });

  it('passes over a torn last line, wherever it was torn, and cuts it off when it goes on', async () => {
    const store = createImageStore(folder);
    for (const seed of [1, 2]) await store.add(picture(seed), { ...recipe, seed });
    await store.close();
    const index = join(folder, 'index.jsonl');
    const whole = await readFile(index);
    const secondLine = whole.indexOf(0x0a) + 1;
    for (let length = secondLine; length < whole.length; length += 17) {
      await writeFile(index, whole.subarray(0, length));
      const reopened = createImageStore(folder);
      expect(reopened.all().map(({ seed }) => seed)).toEqual([1]);
      await reopened.add(picture(2), { ...recipe, seed: 2 });
      await reopened.close();
      expect(
        createImageStore(folder)
          .all()
          .map(({ seed }) => seed),
      ).toEqual([1, 2]);
    }
  });

  it('names a damaged line that is not the last', async () => {
    const store = createImageStore(folder);
    await store.add(picture(1), recipe);
    await store.close();
    const index = join(folder, 'index.jsonl');
    await appendFile(index, '{"id": "0123\n{}\n');
    expect(() => createImageStore(folder)).toThrow(`${index}, line 2: expected a JSON object, got damaged text`);
    await writeFile(index, '{"id": "../../../etc/passwd"}\n');
    expect(() => createImageStore(folder)).toThrow('line 1: expected an image record, got a bad value in id');
  });

  it('tells a missing and a changed PNG', async () => {
    const store = createImageStore(folder);
    const { id, file } = await store.add(picture(1), recipe);
    await truncate(join(folder, file), 60);
    await expect(store.read(id)).rejects.toThrow(`expected the image with hash ${id}, got`);
    await rm(join(folder, file));
    await expect(store.read(id)).rejects.toThrow('expected the image of the index, found no such file');
    await expect(store.read('0123456789abcdef')).rejects.toThrow("there is no '0123456789abcdef'");
    expect(await store.adopt({ ...recipe, set: 'eval' })).toBeUndefined();
  });

  it('leaves no temporary files', async () => {
    const store = createImageStore(folder);
    for (let seed = 0; seed < 20; seed++) await store.add(picture(seed), { ...recipe, seed });
    const names = await readdir(folder, { recursive: true });
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(names.filter((name) => name.endsWith('.png'))).toHaveLength(20);
  });
});
