// Which pictures count as broken where many are encoded: those that are, and no failure of the machine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RgbImage, StableDiffusionPipeline } from '@heed/diffusion';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { badInput, InputError } from '../errors.ts';
import { openVectorCache, type VectorCache } from '../storage/vector-cache.ts';
import { encodeMissing } from './latents.ts';

const SHAPE = [1, 2, 2] as const;
const image: RgbImage = { width: 16, height: 16, data: new Uint8Array(16 * 16 * 3) };
/** Encodes to zeros: what is under test comes before the network. */
const pipeline = {
  latentShape: () => SHAPE,
  encodeImages: async (images: readonly RgbImage[]) => new Float32Array(4 * images.length),
} as unknown as StableDiffusionPipeline;

let folder: string;
let cache: VectorCache;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-latents-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function encode(fails: Readonly<Record<string, Error>>) {
  const broken: string[] = [];
  cache = await openVectorCache(join(folder, `cache-${Math.random()}`), { length: 4 });
  const items = Array.from({ length: 40 }, (_, i) => ({ key: `${i}` }));
  try {
    const whole = await encodeMissing(cache, items, {
      pipeline,
      read: async ({ key }) => {
        if (fails[key]) throw fails[key];
        return image;
      },
      onBroken: (sentence) => broken.push(sentence),
    });
    return { broken, whole: whole.length };
  } finally {
    await cache.close();
  }
}

describe('encoding pictures', () => {
  it('leaves out the few that are broken and names them', async () => {
    const fails = { 3: new InputError('3.png: expected a picture'), 20: badInput('20.png: expected a picture') };
    expect(await encode(fails)).toEqual({
      broken: ['3.png: expected a picture', '20.png: expected a picture'],
      whole: 38,
    });
  });

  it.each([
    ['a full table of open files', Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })],
    ['a defect', new TypeError('undefined is not a function')],
    ['an interrupt', new DOMException('aborted', 'AbortError')],
  ])('ends at %s', async (_, error) => {
    await expect(encode({ 3: error })).rejects.toBe(error);
  });

  it('ends where more than some are broken', async () => {
    const fails = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [i, new InputError(`${i}: expected`)]));
    await expect(encode(fails)).rejects.toThrow(/expected at most .* % broken pictures of 40/);
  });
});
