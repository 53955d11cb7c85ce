// What is written of single images: which unjudged ones are taken, in which order scores stand, what damage says.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ImageRecord } from '../images/index.ts';
import type { LabelledImage } from './labelled-image.ts';
import {
  pickUnjudged,
  predictedImages,
  predictionsOf,
  REWARD_PREDICTIONS_FILE,
  readPredictions,
  writePredictions,
} from './predictions.ts';

const image = (id: string, purpose: ImageRecord['purpose'] = 'learn', holdout = false) =>
  ({ id, purpose, holdout, prompt: `p ${id}` }) as ImageRecord;
const labelled = (id: string, label: number): LabelledImage => ({ image: image(id), label, judgements: 2 });

it('takes no more unjudged images than judged ones, and none that only measure', () => {
  const judged = [labelled('a', 1), labelled('b', 0), labelled('c', 1)];
  const open = Array.from({ length: 9 }, (_, i) => image(`o${i}`));
  const images = [...judged.map((item) => item.image), ...open, image('e', 'measure'), image('u', 'learn', true)];
  const picked = pickUnjudged(images, { labelled: judged, seed: 1 });
  expect(picked).toHaveLength(3);
  for (const { id } of picked) expect(id).toMatch(/^o/);
  expect(pickUnjudged(images, { labelled: judged, seed: 1 })).toEqual(picked);
  expect(pickUnjudged([image('a'), image('o')], { labelled: judged, seed: 1 }).map(({ id }) => id)).toEqual(['o']);
});

it('keeps each score with its image, on disk as in memory', async () => {
  const split = { training: [labelled('a', 1)], validation: [labelled('b', 0.5)], test: [labelled('c', 0)] };
  const unjudged = [image('d')];
  expect(predictedImages(split, unjudged).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  const predictions = predictionsOf(split, unjudged, { rewards: [0.9, 0.5, 0.1, 0.4], clips: [1, 2, 3, 4] });
  expect(predictions[2]).toEqual({ image: 'c', part: 'test', label: 0, judgements: 2, reward: 0.1, clip: 3 });
  expect(predictions[3]).toEqual({ image: 'd', part: 'unjudged', judgements: 0, reward: 0.4, clip: 4 });
  const folder = await mkdtemp(join(tmpdir(), 'heed-predictions-'));
  try {
    expect(await readPredictions(folder)).toBeUndefined();
    await writePredictions([folder], predictions);
    expect(await readPredictions(folder)).toEqual(predictions);
    await writeFile(join(folder, REWARD_PREDICTIONS_FILE), '{"image":"a"}\n');
    await expect(readPredictions(folder)).rejects.toThrow(/predictions.jsonl, line 1: expected what a reward says/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
