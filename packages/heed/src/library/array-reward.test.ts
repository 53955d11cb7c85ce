import { createRandom } from '@heed/diffusion/autodiff';
import { expect, it } from 'vitest';
import { trainRewardOnArrays } from './array-reward.ts';

const SIZE = 8;

/** Pictures whose embedding points where the text's does are good. */
function examples(count: number) {
  const random = createRandom(3);
  const rows = Array.from({ length: count }, (_, i) => {
    const text = Array.from({ length: SIZE }, () => random.normal());
    return { label: i % 2, text, image: text.map((value) => (i % 2 === 1 ? value : -value) + 0.1 * random.normal()) };
  });
  return {
    labels: rows.map(({ label }) => label),
    textEmbeds: Float32Array.from(rows.flatMap(({ text }) => text)),
    imageEmbeds: Float32Array.from(rows.flatMap(({ image }) => image)),
  };
}

it('learns which pictures are good', async () => {
  const { labels, textEmbeds, imageEmbeds } = examples(160);
  const options = { hiddenSize: 32, maxEpochs: 60, learningRate: 3e-3 };
  const trained = { labels: labels.slice(0, 120), options, threads: 1 };
  const { model } = await trainRewardOnArrays({
    ...trained,
    textEmbeds: textEmbeds.slice(0, 120 * SIZE),
    imageEmbeds: imageEmbeds.slice(0, 120 * SIZE),
  });
  const scores = await model.score(textEmbeds.slice(120 * SIZE), imageEmbeds.slice(120 * SIZE));
  const right = labels.slice(120).filter((label, i) => scores[i]! > 0.5 === (label === 1));
  expect(right.length).toBeGreaterThanOrEqual(36);
  model.dispose();
});

it('says what does not fit', async () => {
  const { labels, textEmbeds, imageEmbeds } = examples(4);
  await expect(trainRewardOnArrays({ labels, textEmbeds, imageEmbeds: imageEmbeds.slice(1) })).rejects.toThrow(
    'reward: expected 4 rows of text and of image numbers, one a label, got 32 and 31 numbers',
  );
  await expect(trainRewardOnArrays({ labels: [2, 0, 1, 1], textEmbeds, imageEmbeds })).rejects.toThrow(
    'reward: expected labels from 0 (bad) to 1 (good), got 2',
  );
});
