// Rewards of pre-training pairs: scored once a run, and its own from then on.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RgbImage } from '@heed/diffusion';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withRewards } from './pretraining-rewards.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-rewards-'));
});
afterAll(() => rm(folder, { recursive: true }));

const samples = [
  { key: 'a', caption: 'Two dogs.' },
  { key: 'b', caption: 'A red cat.' },
];
const picture: RgbImage = { width: 1, height: 1, data: new Uint8Array(3) };

/** A scorer that gives these rewards and counts how often it was asked. */
function scoring(rewards: readonly number[]) {
  const asked: string[][] = [];
  const openScorer = async () => ({
    score: async (images: readonly { id: string; prompt: string }[], readImage: (id: string) => Promise<RgbImage>) => {
      for (const { id } of images) await readImage(id);
      asked.push(images.map(({ id, prompt }) => `${id}: ${prompt}`));
      return Float32Array.from(rewards);
    },
    close: async () => {},
  });
  return { asked, openScorer };
}

it('scores each pair once, and keeps what it scored', async () => {
  const path = join(folder, 'rewards.json');
  const read: string[] = [];
  const options = {
    path,
    reward: 'default',
    read: async ({ key }: { key: string }) => {
      read.push(key);
      return picture;
    },
  };
  const first = scoring([0.25, 0.75]);
  const scored = await withRewards(samples, { ...options, openScorer: first.openScorer });
  expect(scored).toEqual([
    { key: 'a', caption: 'Two dogs.', reward: 0.25 },
    { key: 'b', caption: 'A red cat.', reward: 0.75 },
  ]);
  expect(first.asked).toEqual([['a: Two dogs.', 'b: A red cat.']]);
  expect(read).toEqual(['a', 'b']);

  // The reward was trained again meanwhile: the run under way keeps what it began with.
  const later = scoring([1, 1]);
  expect(await withRewards(samples, { ...options, openScorer: later.openScorer })).toEqual(scored);
  expect(later.asked).toEqual([]);

  const other = scoring([0.5, 0.5]);
  const anew = await withRewards(samples, { ...options, reward: 'plain', openScorer: other.openScorer });
  expect(anew.map(({ reward }) => reward)).toEqual([0.5, 0.5]);
});
