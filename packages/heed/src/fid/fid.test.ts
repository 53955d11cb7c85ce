/**
 * `heed fid` on folders and statistics: the same distance however it is come by, interrupted, resumed, saved and read.
 */
import { mkdir, mkdtemp, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  INCEPTION_FEATURES,
  InceptionEmbedder,
  loadInceptionFile,
  type RgbImage,
  readNpz,
  writeNpz,
} from '@heed/diffusion';
import { formulaPicture } from '@heed/diffusion/testing/inception-weights';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { silentProgress } from '../progress/index.ts';
import { initProject } from '../project/index.ts';
import type { MomentSums } from '../statistics/index.ts';
import { openReferenceFid } from './measure-fid.ts';
import type { Pictures } from './pictures/pictures.ts';
import { picturesOfStore } from './pictures/pictures.ts';
import { runCmmd, runFid } from './run.ts';
import { readStatistics, writeStatistics } from './statistics-file.ts';
import { sumFeatures } from './sum-features.ts';
import { loadSums, pruneCache, saveSums } from './sums-cache.ts';
import { formulaInceptionFile, testPlace, writePictures } from './testing.ts';

let folder: string;
let inception: string;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-fid-'));
  process.env.XDG_CACHE_HOME = at('cache');
  inception = await formulaInceptionFile();
  for (const [name, count] of [
    ['a', 7],
    ['b', 6],
  ] as const) {
    await mkdir(at(name));
    await writePictures(at(name), { name, count });
  }
});
afterAll(async () => {
  delete process.env.XDG_CACHE_HOME;
  await rm(folder, { recursive: true });
});

/** Comparing number by number takes seconds. */
const sameBits = (a: Float64Array, b: Float64Array) =>
  Buffer.compare(new Uint8Array(a.buffer), new Uint8Array(b.buffer)) === 0;

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect((error as { exitCode?: number }).exitCode ?? 2).toBe(2);
  expect((error as Error).message).not.toContain('\n');
  return (error as Error).message;
}

describe('heed fid', () => {
  it('gives one distance for folders, for their statistics and in either order', async () => {
    const place = testPlace();
    const options = { inception, batchSize: 4 };
    const whole = await runFid([at('a'), at('b')], { ...options, saveStats: at('b.npz') }, place);
    expect(whole.fid).toBeGreaterThan(0.1);
    expect(whole.sets.map(({ images }) => images)).toEqual([7, 6]);
    expect(place.notes).toHaveLength(2);
    expect(place.notes[0]).toContain('7 images; below 2048');
    const swapped = await runFid([at('b'), at('a')], options, testPlace());
    expect(swapped.fid! / whole.fid! - 1).toBeCloseTo(0, 6);
    await runFid([at('a')], { ...options, saveStats: at('a.npz') }, testPlace());
    // No weights are needed for two files.
    const files = await runFid([at('a.npz'), at('b.npz')], {}, testPlace());
    expect(files).toMatchObject({ fid: whole.fid, inceptionHash: undefined, sets: [{ images: undefined }, {}] });
    expect((await runFid([at('a'), at('a')], options, testPlace())).fid).toBeCloseTo(0, 5);
  });

  it('computes nothing twice, but a picture that was changed', async () => {
    const options = { inception, batchSize: 4 };
    let measured = 0;
    const progress = () => ({ update: () => (measured += 1), done() {} });
    await runFid([at('a'), at('b')], options, testPlace({ progress }));
    expect(measured).toBe(0);
    await utimes(at('a', 'a03.png'), 1, 1);
    await runFid([at('a'), at('b')], options, testPlace({ progress }));
    expect(measured).toBe(2);
  });

  it('reads settings of a project, and keeps its sums there', async () => {
    const project = await initProject(at('project'), { overrides: [`evaluate.inception=${inception}`] });
    const options = { batchSize: 4 };
    const result = await runFid([at('a'), at('b')], options, testPlace({ project, config: project.config }));
    expect(result.fid).toBeGreaterThan(0.1);
    expect(await readdir(join(project.paths.state, 'fid'))).toHaveLength(2);
  });

  it('gives the jackknife interval over the pictures of the first folder', async () => {
    const options = { inception, batchSize: 4 };
    await mkdir(at('three'));
    await writePictures(at('three'), { name: 'a', count: 3 });
    await runFid([at('b')], { ...options, saveStats: at('reference.npz') }, testPlace());
    const paths = [at('three'), at('reference.npz')];
    const plain = await runFid(paths, options, testPlace());
    const { fid, interval, sets } = await runFid(paths, { ...options, interval: true }, testPlace());
    expect(fid! / plain.fid! - 1).toBeCloseTo(0, 6);
    expect(sets.map(({ images }) => images)).toEqual([3, undefined]);
    // Without one picture of three, each a separate folder.
    const withoutEach: number[] = [];
    for (const left of await readdir(at('three'))) {
      await rename(at('three', left), at(left));
      withoutEach.push((await runFid(paths, options, testPlace())).fid!);
      await rename(at(left), at('three', left));
    }
    const mean = withoutEach.reduce((sum, one) => sum + one / 3, 0);
    const error = Math.sqrt((2 / 3) * withoutEach.reduce((sum, one) => sum + (one - mean) ** 2, 0));
    expect((interval!.hi - fid!) / (4.303 * error) - 1).toBeCloseTo(0, 4);
    expect(interval!.lo).toBeCloseTo(Math.max(0, fid! - (interval!.hi - fid!)), 6);
  });

  it('brings pictures to a size before it measures them', async () => {
    const plain = await runFid([at('a'), at('b')], { inception, batchSize: 4 }, testPlace());
    const small = await runFid([at('a'), at('b')], { inception, batchSize: 4, side: 16 }, testPlace());
    expect(small.fid).not.toBeCloseTo(plain.fid!, 3);
  });

  it('says in one sentence what is wrong', async () => {
    const options = { inception, batchSize: 4 };
    const fid = (paths: string[], more: object = {}) => faultOf(runFid(paths, { ...options, ...more }, testPlace()));
    const progress = () => ({ update: () => expect.unreachable('nothing is measured'), done() {} });
    const late = runFid([at('a'), at('none')], { ...options, side: 17 }, testPlace({ progress }));
    expect(await faultOf(late)).toMatch(/got nothing there$/);
    expect(await fid([at('none'), at('b')])).toMatch(/none: expected a folder of pictures, got nothing there$/);
    expect(await fid([at('a'), at('none.npz')])).toMatch(/none.npz: expected a readable .npz file, got nothing there$/);
    expect(await fid([at('a')], { saveStats: at('b.npz') })).toMatch(/expected a new file for the statistics/);
    expect(await fid([at('a'), at('b')], { inception: undefined, side: 20 })).toMatch(
      /^--inception: expected the weights of FID's InceptionV3 .*, got none$/,
    );
    expect(await fid([at('a'), at('b')], { inception: at('nowhere.pth'), side: 20 })).toMatch(
      /nowhere.pth: expected a readable file of weights/,
    );
    expect(await fid([at('a'), at('b')], { inception: 'org/name', side: 20 })).toMatch(
      /org\/name: expected a file of it on the hub/,
    );
    expect(await fid([at('a')], { saveStats: at('new.npz'), interval: true })).toMatch(
      /^--interval: expected a folder/,
    );
    expect(await fid([at('b.npz'), at('a')], { interval: true })).toMatch(/^--interval: expected a folder of pictures/);
    await mkdir(at('one'));
    await writePictures(at('one'), { name: 'x', count: 1 });
    expect(await fid([at('one'), at('b')])).toMatch(/one: expected at least 2 pictures, got 1$/);
    expect(await fid([at('one'), at('b')], { interval: true })).toMatch(/at least 3 pictures for an interval, got 1$/);
    await mkdir(at('broken'));
    await writePictures(at('broken'), { name: 'x', count: 3 });
    await writeFile(at('broken', 'x01.png'), 'no picture');
    expect(await fid([at('broken'), at('b')])).toMatch(/x01.png: expected a whole picture/);
    expect(await faultOf(runCmmd([at('a'), at('b.npz')], { clip: 'x' }, testPlace()))).toMatch(
      /b.npz: expected a folder, because CMMD compares pictures, got statistics$/,
    );
  });
});

describe('sums of features', () => {
  const pictures: Pictures = {
    label: 'some',
    count: 10,
    key: 'x',
    read: async (index): Promise<RgbImage> => formulaPicture(`some${index}`, 40, 30),
  };
  const memory = (kept: { sums?: MomentSums | undefined } = {}) => ({
    kept,
    load: async () => kept.sums,
    save: async ({ count, shift, sum, products }: MomentSums) => {
      kept.sums = { count, shift: shift.slice(), sum: sum.slice(), products: products.slice() };
    },
  });

  it('are the same bits after an interruption, at which no batch is lost', async () => {
    await using embedder = new InceptionEmbedder(await loadInceptionFile(inception), { batchSize: 4 });
    const common = { embedder, progress: silentProgress };
    const whole = await sumFeatures(pictures, { ...common, keeper: memory() });
    const controller = new AbortController();
    const keeper = memory();
    const progress = () => ({ update: (done: number) => (done === 4 ? controller.abort() : undefined), done() {} });
    const stopped = sumFeatures(pictures, { embedder, keeper, progress, signal: controller.signal });
    await expect(stopped).rejects.toThrow(/abort/);
    expect(keeper.kept.sums?.count).toBe(4);
    let read = 0;
    const counting: Pictures = { ...pictures, read: (index) => pictures.read(index).finally(() => (read += 1)) };
    const resumed = await sumFeatures(counting, { ...common, keeper });
    expect(read).toBe(6);
    expect(resumed.count).toBe(10);
    for (const part of ['shift', 'sum', 'products'] as const)
      expect(sameBits(resumed[part], whole[part]), part).toBe(true);
  });

  it('begin anew where what was kept cannot be gone on with', async () => {
    await using embedder = new InceptionEmbedder(await loadInceptionFile(inception), { batchSize: 4 });
    const zeros = (count: number): MomentSums => ({
      count,
      shift: new Float64Array(INCEPTION_FEATURES),
      sum: new Float64Array(INCEPTION_FEATURES),
      products: new Float64Array(INCEPTION_FEATURES ** 2),
    });
    for (const count of [3, 11]) {
      const keeper = memory({ sums: zeros(count) });
      const found = await sumFeatures(pictures, { embedder, keeper, progress: silentProgress });
      expect([found.count, found.sum.some((value) => value !== 0)]).toEqual([10, true]);
    }
  });

  it('on disk are whole or not there, and the oldest are deleted', async () => {
    const place = at('sums');
    const key = (i: number) => String(i).padStart(32, '0');
    const sums = {
      count: 3,
      shift: new Float64Array(2048),
      sum: new Float64Array(2048),
      products: new Float64Array(2048 ** 2),
    };
    sums.products[5] = 1 / 3;
    await saveSums(place, key(0), sums);
    const { products, ...rest } = (await loadSums(place, key(0)))!;
    expect([rest.count, sameBits(products, sums.products)]).toEqual([3, true]);
    expect(await loadSums(place, key(1))).toBeUndefined();
    await writeFile(join(place, `${key(1)}.npz`), 'torn');
    expect(await loadSums(place, key(1))).toBeUndefined();
    await writeNpz(join(place, `${key(2)}.npz`), new Map([['count', { shape: [1], data: Float64Array.of(1) }]]));
    expect(await loadSums(place, key(2))).toBeUndefined();
    for (let i = 3; i < 20; i++) await writeFile(join(place, `clip-${key(i)}.f32`), '');
    await utimes(join(place, `${key(0)}.npz`), 1, 1);
    await writeFile(join(place, 'other.txt'), '');
    await pruneCache(place);
    const left = await readdir(place);
    expect(left).toHaveLength(17);
    expect(left).toContain('other.txt');
    expect(left).not.toContain(`${key(0)}.npz`);
  });
});

describe('FID of an evaluation', () => {
  it('measures images of a store against the reference of the settings', async () => {
    const project = await initProject(at('measured'), {
      overrides: [`evaluate.inception=${inception}`, `evaluate.reference=${at('b')}`],
    });
    const store = { read: async (id: string) => formulaPicture(id, 48, 48) };
    const ids = Array.from({ length: 7 }, (_, i) => `a${i}`);
    const images = picturesOfStore(store, ids, { label: 'tuned' });
    const reference = await openReferenceFid(project, { progress: silentProgress });
    const distance = await reference.open(images, ids);
    const found = await distance([...ids.keys()]);
    await reference.close();
    const files = await runFid([at('a'), at('b')], { inception }, testPlace());
    expect(Math.abs(found - files.fid!) / files.fid!).toBeLessThan(1e-9);
    expect(await distance([0, 1, 2])).not.toBeCloseTo(found, 3);
    // Features are kept by the images' ids.
    const again = await openReferenceFid(project, { progress: silentProgress });
    const unreadable = { read: () => Promise.reject(new Error('read again')) };
    expect(await (await again.open(picturesOfStore(unreadable, ids, { label: 'tuned' }), ids))([...ids.keys()])).toBe(
      found,
    );
    await again.close();
    const without = await initProject(at('without'), {});
    await expect(openReferenceFid(without, { progress: silentProgress })).rejects.toThrow(
      /^evaluate.reference: expected a folder of pictures or a .npz file of statistics, got none$/,
    );
    const weightless = await openReferenceFid(without, { reference: at('b'), progress: silentProgress });
    expect(await faultOf(weightless.open(images, ids))).toMatch(/^evaluate.inception: expected the weights/);
    await weightless.close();
  });
});

describe('a statistics file', () => {
  const size = INCEPTION_FEATURES;
  const identity = () => Float64Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  const write = (mu: Float64Array, sigma: Float64Array, shape = [size, size]) =>
    writeNpz(
      at('bad.npz'),
      new Map([
        ['mu', { shape: [mu.length], data: mu }],
        ['sigma', { shape, data: sigma }],
      ]),
    );

  it('comes back as it was written', async () => {
    const moments = { mean: new Float64Array(size).fill(1 / 3), covariance: identity() };
    await writeStatistics(at('good.npz'), moments);
    const { mean, covariance } = await readStatistics(at('good.npz'));
    expect([sameBits(mean, moments.mean), sameBits(covariance, moments.covariance)]).toEqual([true, true]);
    const [mu] = await readNpz(at('good.npz'), ['mu']);
    expect(mu!.shape).toEqual([size]);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    [
      'of other features',
      () => write(new Float64Array(64), identity()),
      /mu: expected \[2048\], the size of FID's features, got \[64\]$/,
    ],
    [
      'without a matrix',
      () => write(new Float64Array(size), new Float64Array(size), [size]),
      /sigma: expected \[2048, 2048\], .*, got \[2048\]$/,
    ],
    [
      'with a mean that is no number',
      () => write(new Float64Array(size).fill(Number.NaN), identity()),
      /mu: expected finite numbers, got NaN at index 0$/,
    ],
    [
      'with an infinite variance',
      () => write(new Float64Array(size), identity().fill(Number.POSITIVE_INFINITY)),
      /sigma: expected finite numbers, got Infinity at index 0$/,
    ],
    [
      'with a negative variance',
      () =>
        write(
          new Float64Array(size),
          identity().map((value) => -value),
        ),
      /sigma: expected variances on the diagonal, got -1 at index 0$/,
    ],
    [
      'that is not symmetric',
      () =>
        write(
          new Float64Array(size),
          identity().map((value, i) => (i === 3 * size + 1 ? 0.5 : value)),
        ),
      /sigma: expected a symmetric matrix, got 0.5 and 0 at \[3, 1\]$/,
    ],
  ])('%s is refused in one sentence', async (_, make, sentence) => {
    await make();
    const error = await readStatistics(at('bad.npz')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HeedError);
    expect((error as HeedError).message).toMatch(sentence);
  });
});
