/**
 * Diffusion-KTO (Li et al. 2024, arXiv 2404.04465, equation 8): single images that are good (y = 1) or bad (y = -1).
 *
 *     g = d_ref - d_theta,    z = max(0, mean of g over the batch), without a gradient
 *     L(theta) = (4 / beta) E [ 1 - sigmoid(beta y (g - z)) ]  +  pretrainingWeight E_(D_pre) [ d_theta ]
 *
 * d is the squared error of a prediction, averaged over its elements. The factor 4 / beta is not in the paper; `dpo.ts`
 * explains it. The sigmoid saturates on both sides, so that an image whose label the model strongly contradicts has
 * little weight.
 *
 * Reads: labels; no reward, no preferences. Reference: the model before tuning. Each replica computes z from its own
 * part of the batch. Defaults: beta 'auto' (`terms.ts`); 80 % of the images in a batch are good, as in the authors'
 * code.
 */
import { add, clamp, mean, mul, sigmoid, stopGradient, sub, sum } from '@heed/diffusion/autodiff';
import type { MethodSettings } from '../../config/index.ts';
import { badInput } from '../../errors.ts';
import { isBad, isGood } from '../../reward/labelled-image.ts';
import { batchCounts, createTuneBatches, denoisingSpecs, type TuneSample } from '../batches.ts';
import type { BatchSizes, TuningMethod } from '../method.ts';
import { checkUsesLabels, findLabelledSamples } from '../model-data.ts';
import { positionIn } from '../reward-stream.ts';
import { createShuffledStream } from '../stream.ts';
import { errorPerSample, firstRows, modelPart, readsPretrainingReward, resolveBeta, withPretraining } from './terms.ts';

type Settings = MethodSettings<'kto'>;

/** The feeds of a batch; `signs` are the values y of the images: 1 or -1. */
const specs = (sizes: BatchSizes) => ({ ...denoisingSpecs(sizes), signs: { shape: [sizes.modelCount] } });

export const kto: TuningMethod<Settings> = {
  name: 'kto',
  title: 'Diffusion-KTO',
  needs: (options) => ({ reward: readsPretrainingReward(options), reference: true }),

  check(options) {
    checkUsesLabels(options);
    const { modelCount } = batchCounts(options);
    if (modelCount < 2) {
      throw badInput(
        `tune.method 'kto' draws good and bad images: expected at least 2 images a replica, got tune.batchSize = ${options.batchSize} with tune.replicas = ${options.replicas}`,
      );
    }
  },

  async samples(context) {
    const labelled = await findLabelledSamples(context);
    const { good, bad } = byLabel(labelled);
    if (good.length === 0 || bad.length === 0) {
      throw badInput(
        `tune.method 'kto' needs good and bad images, got ${good.length} good and ${bad.length} bad ones among ${labelled.length} labelled images`,
      );
    }
    return [...good, ...bad];
  },

  specs,

  batches(inputs) {
    const { samples, options } = inputs;
    const { modelCount } = batchCounts(options);
    const goodCount = goodOf(modelCount, options.settings.goodShare);
    const badCount = modelCount - goodCount;
    const { good, bad } = byLabel(samples);
    const goods = createShuffledStream({ name: 'good', size: good.length, seed: options.seed });
    const bads = createShuffledStream({ name: 'bad', size: bad.length, seed: options.seed });
    const signs = Float32Array.from({ length: modelCount }, (_, i) => (i < goodCount ? 1 : -1));
    return createTuneBatches(inputs, {
      specs,
      at: (batch) => ({
        samples: [
          ...goods.at(batch * goodCount, goodCount).map((i) => good[i]!),
          ...bads.at(batch * badCount, badCount).map((i) => bad[i]!),
        ],
        feeds: { signs },
      }),
      position: (batch) => positionIn(good.length, batch * goodCount),
    });
  },

  loss(networks, batch, options) {
    const { modelCount } = batchCounts(options);
    const beta = resolveBeta(options.settings.beta, batch.target);
    const model = modelPart(batch, modelCount);
    const reference = stopGradient(errorPerSample(networks.reference(model), model)); // [M]
    const errors = errorPerSample(networks.predict(batch), batch); // [M + R]
    const signs = batch.signs!;
    const gain = sub(reference, firstRows(errors, modelCount)); // g, [M]
    const baseline = stopGradient(clamp(mean(gain), { min: 0 }));
    const desirability = sigmoid(mul(mul(signs, sub(gain, baseline)), beta));
    const preferenceLoss = mean(sub(1, desirability));
    const goodCount = goodOf(modelCount, options.settings.goodShare);
    // 1 for good images and 0 for bad ones, whose sums are taken with the sign of the drift, d_theta - d_ref.
    const isGoodImage = mul(add(signs, 1), 0.5);
    return {
      ...withPretraining(mul(preferenceLoss, 4 / beta), { errors, modelCount, beta: options.beta }),
      preferenceLoss,
      goodDrift: mul(sum(mul(gain, isGoodImage)), -1 / goodCount),
      badDrift: mul(sum(mul(gain, sub(1, isGoodImage))), -1 / (modelCount - goodCount)),
      baseline,
    };
  },
};

/** Number of good images in a batch of `count`; every batch has at least one good and one bad image. */
function goodOf(count: number, share: number): number {
  return Math.min(count - 1, Math.max(1, Math.round(share * count)));
}

function byLabel(samples: readonly TuneSample[]): { good: TuneSample[]; bad: TuneSample[] } {
  const labelled = samples.filter((sample): sample is TuneSample & { label: number } => sample.label !== undefined);
  return { good: labelled.filter(isGood), bad: labelled.filter(isBad) };
}
