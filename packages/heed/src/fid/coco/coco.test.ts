/**
 * The paper's FID: captions by seed, images drawn once for each model, references cut to squares; and files that are
 * wrong.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formulaPicture } from '@heed/diffusion/testing/inception-weights';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageStore } from '../../images/index.ts';
import { type ProgressFactory, silentProgress } from '../../progress/index.ts';
import { initProject, type Project } from '../../project/index.ts';
import { writeRandomModels } from '../../testing/random-models.ts';
import { fitSquare } from '../pictures/fit-square.ts';
import { runFid } from '../run.ts';
import { formulaInceptionFile, testPlace } from '../testing.ts';
import { chooseCaptions, readCocoCaptions } from './captions.ts';
import { COCO_SET, type CocoFidOptions, drawCocoShard, runCocoFid } from './run.ts';

const IMAGES = 6;
/** Two captions of each image; all images share one, so that captions repeat. */
const CAPTIONS = {
  info: { year: 2014 },
  images: Array.from({ length: IMAGES }, (_, i) => ({ id: 900 - i, file_name: `COCO_val2014_${i}.jpg`, height: 48 })),
  annotations: Array.from({ length: 2 * IMAGES }, (_, i) => ({
    id: i,
    image_id: 900 - (i % IMAGES),
    caption: i < IMAGES ? ' A dog.\n' : `Two  dogs in picture ${i}.`,
  })),
};

let folder: string;
let project: Project;
let inception: string;
const at = (...names: string[]) => join(folder, ...names);
const coco = (options: Partial<CocoFidOptions> = {}, progress: ProgressFactory = silentProgress) =>
  runCocoFid(
    project,
    { captions: at('captions.json'), images: at('val2014'), models: ['base', 'tuned'], inception, ...options },
    progress,
  );

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-coco-'));
  inception = await formulaInceptionFile();
  const { model } = await writeRandomModels(folder);
  project = await initProject(at('project'), {
    overrides: [`model.path=${model}`, 'sample.steps=2', 'sample.batchSize=2', 'seed=5'],
  });
  const { model: other } = await writeRandomModels(at('other'), { seed: 2 });
  await mkdir(project.paths.models, { recursive: true });
  await cp(other, join(project.paths.models, 'tuned'), { recursive: true });
  await mkdir(at('val2014'));
  await writeFile(at('captions.json'), JSON.stringify(CAPTIONS));
  for (const [i, { file_name }] of CAPTIONS.images.entries()) {
    const { width, height, data } = formulaPicture(`coco${i}`, 60 + 7 * i, 90 - 8 * i);
    await sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg()
      .toFile(at('val2014', file_name));
  }
});
afterAll(() => rm(folder, { recursive: true }));

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ exitCode: 2 });
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

describe('captions of MS-COCO', () => {
  it('are one an image, by the seed and the id alone', async () => {
    const images = await readCocoCaptions(at('captions.json'));
    expect(images.map(({ id }) => id)).toEqual([895, 896, 897, 898, 899, 900]);
    expect(images[5]).toEqual({ id: 900, file: 'COCO_val2014_0.jpg', captions: ['A dog.', 'Two dogs in picture 6.'] });
    const chosen = chooseCaptions(images, { seed: 5 });
    expect(chosen).toHaveLength(IMAGES);
    expect(chooseCaptions([...images].reverse(), { seed: 5 })).toEqual(chosen);
    for (const { id, caption } of chosen) expect(images.find((image) => image.id === id)!.captions).toContain(caption);
    const seeds = [1, 2, 3, 4].map((seed) =>
      chooseCaptions(images, { seed })
        .map(({ caption }) => caption)
        .join(),
    );
    expect(new Set(seeds).size).toBe(4);
    const few = chooseCaptions(images, { seed: 5, count: 3 });
    expect(chosen).toEqual(expect.arrayContaining(few));
    expect(few.map(({ id }) => id)).toEqual(few.map(({ id }) => id).sort());
  });

  const one = { id: 1, file_name: 'a.jpg' };
  it.each<[string, unknown, RegExp]>([
    ['a text', 'not json {', /expected JSON, got something else$/],
    ['a list', '[1, 2]', /expected a list 'images', as captions_val2014.json has it, got none$/],
    ['nothing', 'null', /expected a list 'images'/],
    [
      'instances without captions',
      { images: [one], annotations: [{ image_id: 1, bbox: [] }] },
      /annotations\[0\]: expected the image_id of an image and a caption, got 1 and nothing$/,
    ],
    [
      'captions of other images',
      { images: [one], annotations: [{ image_id: 2, caption: 'x' }] },
      /annotations\[0\]: expected the image_id/,
    ],
    [
      'names that leave the folder',
      { images: [{ id: 1, file_name: '../../etc/passwd' }], annotations: [] },
      /images\[0\]: expected an id and a plain file_name, got 1 and '..\/..\/etc\/passwd'$/,
    ],
    ['an image twice', { images: [one, one], annotations: [] }, /images\[1\]: expected each id once, got 1 again$/],
    [
      'images without a word',
      { images: [one], annotations: [{ image_id: 1, caption: ' \n' }] },
      /expected images with captions, got none$/,
    ],
    ['numbers in a list', { images: [3], annotations: [] }, /expected a list 'images'/],
  ])('that are %s are refused in one sentence', async (_, content, sentence) => {
    await writeFile(at('bad.json'), typeof content === 'string' ? content : JSON.stringify(content));
    expect(await faultOf(readCocoCaptions(at('bad.json')))).toMatch(sentence);
  });

  it('that are missing are told of', async () => {
    expect(await faultOf(readCocoCaptions(at('none.json')))).toMatch(/got nothing there$/);
    expect(await faultOf(readCocoCaptions(folder))).toMatch(/got a folder$/);
  });
});

describe('heed fid --coco', () => {
  it('draws an image of each caption, goes on after a stop, and measures models against one reference', async () => {
    const controller = new AbortController();
    const stopping: ProgressFactory = ({ label }) => ({
      update: () => (label === `generate ${COCO_SET}` ? controller.abort() : undefined),
      done() {},
    });
    await expect(coco({ signal: controller.signal }, stopping)).rejects.toThrow(/abort/);
    const before = createImageStore(project.paths.images);
    expect(before.all({ set: COCO_SET })).toHaveLength(2);
    await before.close();

    const labels: string[] = [];
    const watching: ProgressFactory = ({ label }) => {
      labels.push(label);
      return { update() {}, done() {} };
    };
    const result = await coco({}, watching);
    // The reference was measured before the stop.
    expect(labels.filter((label) => label.startsWith('features'))).toEqual(['features of base', 'features of tuned']);
    expect(result).toMatchObject({ images: IMAGES, seed: 5, side: 256, run: 'fid-0001' });
    expect(result.models.map(({ model }) => model)).toEqual(['base', 'tuned']);
    const [base, tuned] = result.models;
    expect(Math.abs(base!.fid - tuned!.fid)).toBeGreaterThan(1e-3);
    const written = await readFile(join(project.paths.runs, 'fid-0001', 'fid.json'), 'utf8');
    expect(JSON.parse(written)).toEqual(result);

    const store = createImageStore(project.paths.images);
    const drawn = store.all({ set: COCO_SET });
    const chosen = chooseCaptions(await readCocoCaptions(at('captions.json')), { seed: 5 });
    for (const model of ['base', 'tuned']) {
      const own = drawn.filter((record) => record.model === model);
      expect(own.map(({ prompt }) => prompt).sort()).toEqual(chosen.map(({ caption }) => caption).sort());
      expect(own.every(({ purpose, holdout }) => purpose === 'measure' && holdout)).toBe(true);
      // Repeated captions have different noise.
      expect(new Set(own.map(({ prompt, seed }) => `${prompt} ${seed}`)).size).toBe(IMAGES);
    }
    // What is measured is what lies in the folders.
    for (const name of ['squares', 'base']) await mkdir(at(name));
    for (const { id, file } of chosen) {
      const { data, info } = await sharp(at('val2014', file)).raw().toBuffer({ resolveWithObject: true });
      await writePng(at('squares', `${id}.png`), fitSquare({ ...info, data }, 256));
    }
    for (const { id, model } of drawn) {
      if (model === 'base') await writePng(at('base', `${id}.png`), fitSquare(await store.read(id), 256));
    }
    await store.close();
    const { fid } = await runFid(
      [at('base'), at('squares')],
      { inception },
      testPlace({ project, config: project.config }),
    );
    expect(Math.abs(fid! - base!.fid)).toBeLessThan(1e-5);
  });

  it('draws in shards and measures what they drew', async () => {
    const other = { ...project, config: { ...project.config, seed: 6 } };
    const work = { captions: at('captions.json'), models: ['base'] };
    for (const number of [2, 1]) {
      const [drawn] = await drawCocoShard(other, { ...work, shard: { number, of: 2 } }, silentProgress);
      expect(drawn).toMatchObject({ images: IMAGES / 2, generated: IMAGES / 2 });
    }
    const result = await runCocoFid(other, { ...work, images: at('val2014'), inception }, silentProgress);
    expect(result.models[0]!.fid).toBeGreaterThan(0);
    const store = createImageStore(project.paths.images);
    expect(store.all({ set: COCO_SET })).toHaveLength(3 * IMAGES);
    await store.close();
  });

  it('takes statistics as its reference, and draws nothing again', async () => {
    const place = testPlace({ project, config: project.config });
    await runFid([at('squares')], { inception, saveStats: at('squares.npz') }, place);
    const result = await coco({ images: at('squares.npz'), models: ['base'] });
    const { models } = JSON.parse(await readFile(join(project.paths.runs, 'fid-0001', 'fid.json'), 'utf8'));
    expect(Math.abs(result.models[0]!.fid - models[0].fid)).toBeLessThan(1e-5);
    const store = createImageStore(project.paths.images);
    expect(store.all({ set: COCO_SET })).toHaveLength(3 * IMAGES);
    await store.close();
  });

  it('says what is missing before it draws', async () => {
    expect(await faultOf(coco({ models: ['tunde'] }))).toMatch(/there is no 'tunde'/);
    expect(await faultOf(coco({ count: 7 }))).toMatch(/expected 7 images with captions, got 6$/);
    expect(await faultOf(coco({ images: at('elsewhere') }))).toMatch(
      /expected an image that the captions name, got nothing there$/,
    );
    expect(await faultOf(coco({ inception: undefined }))).toMatch(/^evaluate.inception: expected the weights/);
  });
});

async function writePng(
  path: string,
  { width, height, data }: { width: number; height: number; data: Uint8Array },
): Promise<void> {
  await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}
