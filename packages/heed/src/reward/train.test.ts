// Reward training on synthetic embeddings where the right answer is known: it learns, repeats itself, round-trips.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { expect, it } from 'vitest';
import { groupBy } from '../collections/group-by.ts';
import { accuracyTable, pairOutcomes } from './accuracy.ts';
import type { Features } from './features.ts';
import type { LabelledImage } from './labelled-image.ts';
import { loadRewardModel, saveRewardModel } from './reward-model.ts';
import { imagesOfPairs, type RewardPair, splitRewardPairs } from './reward-pairs.ts';
import { roundWeights } from './round-weights.ts';
import { scoreImages } from './score-images.ts';
import { trainReward } from './train.ts';

const P = 8;
const COLOURS = ['red', 'green', 'blue', 'black', 'pink', 'white'];

/** Images show a colour; good means that it is the prompted one. Embeddings are the colour's direction and noise. */
function syntheticWorld(count: number) {
  const random = createRandom(11);
  const direction = COLOURS.map((_, i) => Float32Array.from({ length: P }, (_, j) => (i === j ? 2 : 0)));
  const noisy = (vector: Float32Array) => vector.map((value) => value + 0.3 * random.normal());
  const images = new Map<string, Float32Array>();
  const texts = new Map(COLOURS.map((colour, i) => [`A ${colour} colored dog.`, direction[i]!]));
  const labelled: LabelledImage[] = Array.from({ length: count }, (_, i) => {
    const asked = random.integer(COLOURS.length);
    const shown = random.uniform() < 0.5 ? asked : random.integer(COLOURS.length);
    const id = `image-${i}`;
    images.set(id, noisy(direction[shown]!));
    const prompt = `A ${COLOURS[asked]} colored dog.`;
    return {
      image: {
        id,
        file: id,
        prompt,
        category: 'colour',
        holdout: false,
        purpose: 'learn' as const,
        seed: i,
        model: 'base',
        modelHash: 'x',
        sampler: 'ddim',
        steps: 1,
        guidanceScale: 1,
        set: 'train',
        width: 64,
        height: 64,
      },
      label: asked === shown ? 1 : 0,
      judgements: 1,
    };
  });
  const features: Features = {
    projectionDim: P,
    prepareTexts: async () => {},
    prepareImages: async () => {},
    text: (prompt) => texts.get(prompt)!,
    image: (id) => images.get(id)!,
    close: async () => {},
  };
  const perturbedPrompts = new Map([...texts.keys()].map((own) => [own, [...texts.keys()].filter((t) => t !== own)]));
  return { labelled, features, perturbedPrompts };
}

const options = { hiddenSize: 32, perturbations: 4, batchSize: 32, maxEpochs: 25, learningRate: 3e-3 };

it('learns, repeats itself bit by bit and survives saving', { timeout: 120_000 }, async () => {
  const { labelled, features, perturbedPrompts } = syntheticWorld(500);
  const inputs = { training: labelled.slice(0, 300), validation: labelled.slice(300, 350), features, seed: 5 };
  const first = await trainReward({ ...inputs, perturbedPrompts, options, threads: 1 });
  const second = await trainReward({ ...inputs, perturbedPrompts, options, threads: 1 });
  expect(second.epochs).toEqual(first.epochs);

  const test = labelled.slice(350);
  const images = test.map(({ image }) => image);
  const scores = await scoreImages(first.model, images, features);
  expect(await scoreImages(second.model, images, features)).toEqual(scores);
  expect(accuracyTable(pairOutcomes(test, scores)).all.accuracy!.mean).toBeGreaterThan(0.9);
  expect(first.epochs.at(-1)!.promptClassification).toBeLessThan(first.epochs[0]!.promptClassification!);
  expect(first.bestEpoch).toBeGreaterThan(1);

  const folder = await mkdtemp(join(tmpdir(), 'heed-reward-'));
  await saveRewardModel(folder, first.model, { clipHash: 'abc', training: { seed: 5 } });
  const loaded = await loadRewardModel(folder, { clipHash: 'abc', threads: 1 });
  expect(await scoreImages(loaded, images, features)).toEqual(scores);
  expect(loaded.config.training).toEqual({ seed: 5 });
  await expect(loadRewardModel(folder, { clipHash: 'other' })).rejects.toThrow(/trained on, got other/);
  for (const model of [first.model, second.model, loaded]) model.dispose();
});

it('learns without the auxiliary task, too', async () => {
  const { labelled, features } = syntheticWorld(200);
  const { model, epochs } = await trainReward({
    training: labelled.slice(0, 150),
    validation: labelled.slice(150),
    features,
    seed: 1,
    options: { ...options, lambda: 0, maxEpochs: 5, patience: 5 },
  });
  expect(epochs[0]!.promptClassification).toBeUndefined();
  expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0]!.loss);
  model.dispose();
});

/** Pairs of images of one prompt, of which the one that shows the right colour is better. */
function pairsOf(labelled: readonly LabelledImage[]): RewardPair[] {
  const byPrompt = groupBy(labelled, ({ image }) => image.prompt);
  return [...byPrompt.values()].flatMap((of) => {
    const [good, bad] = [of.filter(({ label }) => label === 1), of.filter(({ label }) => label === 0)];
    return bad.slice(0, good.length).map(({ image }, i) =>
      // The better one stands on either side.
      i % 2 === 0
        ? { first: good[i]!.image, second: image, share: 1 }
        : { first: image, second: good[i]!.image, share: 0 },
    );
  });
}

type TrainingInputs = Parameters<typeof trainReward>[0];

/** Trains a reward; returns its mean accuracy on pairs of `test`. */
async function testAccuracy(inputs: Omit<TrainingInputs, 'seed'>, test: readonly LabelledImage[]) {
  const { model, epochs } = await trainReward({ ...inputs, options, seed: 5, threads: 1 });
  const scores = await scoreImages(
    model,
    test.map(({ image }) => image),
    inputs.features,
  );
  model.dispose();
  return { epochs, mean: accuracyTable(pairOutcomes(test, scores)).all.accuracy!.mean };
}

it('learns from preferences alone, and from both', { timeout: 120_000 }, async () => {
  const { labelled, features, perturbedPrompts } = syntheticWorld(1400);
  const [stated, marked, test] = [labelled.slice(0, 1000), labelled.slice(1000, 1050), labelled.slice(1100)];
  const all = pairsOf(stated);
  const pairs = { training: all.slice(20), validation: all.slice(0, 20) };
  const accuracyOf = (inputs: Pick<TrainingInputs, 'training' | 'validation' | 'pairs'>) =>
    testAccuracy({ ...inputs, features, perturbedPrompts }, test);
  const alone = await accuracyOf({ training: [], validation: [], pairs });
  expect(alone.mean).toBeGreaterThan(0.9);
  expect(alone.epochs[0]).not.toHaveProperty('meanSquaredError');
  expect(alone.epochs[0]!.validationLoss).toBe(alone.epochs[0]!.validationPairLoss);
  const both = await accuracyOf({ training: marked, validation: labelled.slice(1050, 1100), pairs });
  expect(both.mean).toBeGreaterThan(0.9);
  const last = both.epochs.at(-1)!;
  expect(last.pairLoss).toBeGreaterThan(0);
  expect(last.meanSquaredError).toBeGreaterThan(0);
});

it('splits preferences by prompt, and tests none of an image that is learned from', () => {
  const { labelled } = syntheticWorld(300);
  const pairs = pairsOf(labelled.slice(100));
  const split = { training: labelled.slice(0, 50), validation: [], test: labelled.slice(50, 100) };
  const { training, validation, test } = splitRewardPairs(pairs, { seed: 1, labelled: split, testShare: 0.4 });
  expect(training.length + validation.length + test.length).toBe(pairs.length);
  const promptsOf = (of: readonly RewardPair[]) => new Set(of.map(({ first }) => first.prompt));
  for (const prompt of promptsOf(training)) {
    expect([promptsOf(validation).has(prompt), promptsOf(test).has(prompt)]).toEqual([false, false]);
  }
  expect(validation.length).toBeGreaterThan(0);
  const own = splitRewardPairs(pairs, { seed: 1, labelled: { training: labelled, validation: [], test: [] } });
  expect(own.test).toEqual([]);
  const tested = splitRewardPairs(pairs, { seed: 1, labelled: { training: [], validation: [], test: labelled } });
  expect(tested.test).toHaveLength(pairs.length);
});

it('weighs labels and preferences of earlier rounds less', { timeout: 120_000 }, async () => {
  const { labelled, features } = syntheticWorld(1200);
  const test = labelled.slice(1000);
  // Raters of the first round said the opposite of those of the second.
  const isEarly = (item: LabelledImage) => item.image.seed < 600;
  const judged = labelled
    .slice(0, 1000)
    .map((item) =>
      isEarly(item) ? { ...item, image: { ...item.image, modelHash: 'first' }, label: 1 - item.label } : item,
    );
  const rounds = { ofImage: ({ modelHash }: { modelHash: string }) => (modelHash === 'first' ? 1 : 2) };
  const pairs = [judged.slice(0, 600), judged.slice(600)].flatMap((ofRound) => pairsOf(ofRound));
  const accuracyOf = async (inputs: Pick<TrainingInputs, 'training' | 'pairs'>, decay: number) => {
    const learned = [...inputs.training.map(({ image }) => image), ...imagesOfPairs(inputs.pairs?.training ?? [])];
    const weightOf = roundWeights(learned, { rounds, decay });
    return (await testAccuracy({ ...inputs, validation: [], features, weightOf }, test)).mean;
  };
  for (const inputs of [{ training: [], pairs: { training: pairs, validation: [] } }, { training: judged }]) {
    expect(await accuracyOf(inputs, 1)).toBeLessThan(0.5);
    expect(await accuracyOf(inputs, 0.1)).toBeGreaterThan(0.8);
  }
});

it('weighs a preference by the newer of its two images', () => {
  const { labelled } = syntheticWorld(3);
  const [a, b, c] = labelled.map(({ image }, i) => ({ ...image, modelHash: String(i + 1) }));
  const rounds = { ofImage: ({ modelHash }: { modelHash: string }) => Number(modelHash) };
  const weightOf = roundWeights([a!, b!, c!], { rounds, decay: 0.5 })!;
  expect([weightOf(a!), weightOf(a!, b!), weightOf(c!, a!)]).toEqual([0.25, 0.5, 1]);
  expect(roundWeights([a!, a!], { rounds, decay: 0.5 })).toBeUndefined();
  expect(roundWeights([a!, b!], { rounds, decay: 1 })).toBeUndefined();
});
