/**
 * DiffusionNFT (Zheng et al. 2025, arXiv 2509.16117), written as a regression. With the paper's beta = 1 / strength and
 * without the adaptive weight, the loss r |e+ - eps|^2 + (1 - r) |e- - eps|^2 has the same gradient, up to a factor, as
 *
 *     L(theta) = E |e_theta - e*|^2  +  pretrainingWeight E_(D_pre) [ d_theta ]
 *     e* = e_ref + s (2 r - 1) (eps - e_ref)
 *
 * with e the prediction, eps its target, and s the strength: good images (r > 1/2) pull the prediction towards the
 * noise that was added to them, bad ones push it away. The target e* is at a bounded distance from the prediction e_ref
 * of the model before tuning.
 *
 * Reads: labels (r = the mean of an image's judgements), or with `source = 'reward'` the learned rewards of labelled
 * and unlabelled images. With `centre = 'prompt'` the mean r over all images of the prompt replaces 1/2. For online
 * training in rounds, generate and score images of the tuned model, then tune that model with `source = 'reward'`. The
 * reference is then the model that generated the images. Defaults: labels, centre 1/2, strength 1, no pre-training
 * pairs. Cost: one forward pass of the reference in addition to each update.
 */

import { predictionErrorPerSample } from '@heed/diffusion';
import { add, mean, mul, reshape, stopGradient, sub } from '@heed/diffusion/autodiff';
import { groupBy } from '../../collections/group-by.ts';
import type { MethodSettings } from '../../config/index.ts';
import { badInput } from '../../errors.ts';
import { batchCounts, createTuneBatches, denoisingSpecs, type TuneSample } from '../batches.ts';
import type { BatchSizes, TuningMethod } from '../method.ts';
import { checkUsesLabels, findLabelledSamples, findModelImages } from '../model-data.ts';
import { positionIn, rewardOf } from '../reward-stream.ts';
import { createShuffledStream } from '../stream.ts';
import { errorPerSample, firstRows, modelPart, readsPretrainingReward, withPretraining } from './terms.ts';

type Settings = MethodSettings<'nft'>;

/** The feeds of a batch; `sampleWeights` are the signed weights 2 r - 1 of the images. */
const specs = (sizes: BatchSizes) => ({ ...denoisingSpecs(sizes), sampleWeights: { shape: [sizes.modelCount] } });

export const nft: TuningMethod<Settings> = {
  name: 'nft',
  title: 'DiffusionNFT',
  needs: (options) => ({
    reward: options.settings.source === 'reward' || readsPretrainingReward(options),
    reference: true,
  }),

  check(options) {
    if (options.settings.source === 'labels') checkUsesLabels(options);
  },

  async samples(context) {
    const { settings } = context.options;
    const samples = settings.source === 'labels' ? await findLabelledSamples(context) : await scored(context);
    if (signedWeights(samples, settings).every((weight) => weight === 0)) {
      throw badInput(
        `tune.method 'nft' needs images that are better or worse than ${settings.centre === 'half' ? 'one half' : 'the mean of their prompt'}, got ${samples.length} images, none of which is`,
      );
    }
    return samples;
  },

  specs,

  batches(inputs) {
    const { samples, options } = inputs;
    const { modelCount } = batchCounts(options);
    const weights = signedWeights(samples, options.settings);
    const stream = createShuffledStream({ name: 'model', size: samples.length, seed: options.seed });
    return createTuneBatches(inputs, {
      specs,
      at(batch) {
        const drawn = stream.at(batch * modelCount, modelCount);
        return {
          samples: drawn.map((i) => samples[i]!),
          feeds: { sampleWeights: Float32Array.from(drawn, (i) => weights[i]!) },
        };
      },
      position: (batch) => positionIn(samples.length, batch * modelCount),
    });
  },

  loss(networks, batch, options) {
    const { modelCount } = batchCounts(options);
    const model = modelPart(batch, modelCount);
    const reference = stopGradient(networks.reference(model));
    const prediction = networks.predict(batch);
    const modelPrediction = firstRows(prediction, modelCount);
    const step = mul(reshape(batch.sampleWeights!, [modelCount, 1, 1, 1]), options.settings.strength);
    const target = add(reference, mul(step, sub(model.target, reference)));
    const errors = errorPerSample(prediction, batch); // [M + R]
    const modelLoss = mean(errorPerSample(modelPrediction, { ...model, target }));
    return {
      ...withPretraining(modelLoss, { errors, modelCount, beta: options.beta }),
      // Distances of the target and of the current model from the model before tuning.
      targetDistance: mean(predictionErrorPerSample(reference, target)),
      referenceDistance: mean(predictionErrorPerSample(modelPrediction, reference)),
    };
  },
};

async function scored(context: Parameters<(typeof nft)['samples']>[0]): Promise<TuneSample[]> {
  const { labelled, unlabelled } = await findModelImages(context);
  const images = [...labelled.map(({ image }) => image), ...unlabelled];
  const rewards = await context.score(images);
  return images.map(({ id, prompt }, i) => ({
    image: id,
    prompt,
    reward: rewards[i]!,
    labelled: i < labelled.length,
  }));
}

/** The signed weight of each sample: 2 r - 1, or 2 (r - mean r of the prompt) with `centre = 'prompt'`. */
function signedWeights(samples: readonly TuneSample[], { source, centre }: Settings): number[] {
  const values = samples.map((sample) => (source === 'reward' ? rewardOf(sample) : sample.label!));
  if (centre === 'half') return values.map((r) => 2 * r - 1);
  const indexed = values.map((r, i) => ({ r, prompt: samples[i]!.prompt }));
  const meanOf = new Map(
    [...groupBy(indexed, ({ prompt }) => prompt)].map(([prompt, of]) => [
      prompt,
      of.reduce((total, { r }) => total + r, 0) / of.length,
    ]),
  );
  return indexed.map(({ r, prompt }) => 2 * (r - meanOf.get(prompt)!));
}
