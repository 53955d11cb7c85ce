/**
 * Reward-weighted likelihood: equation 2 of Lee et al. 2023 (arXiv 2302.12192).
 *
 *     L(theta) = E_(x, z) in D_model [ -r(x, z) log p_theta(x | z) ]  +  beta E_(x, z) in D_pre [ -log p_theta(x | z) ]
 *
 * For a diffusion model the negative log-likelihood becomes the squared error of the predicted noise at a random
 * timestep. The error is averaged over the elements of each sample, then weighted by the sample's reward. A base model
 * that was trained with timestep weights is tuned with the same weights. With other timestep weights, tuning would
 * change the model even if all rewards were equal.
 *
 * Reads: the rewards of labelled and unlabelled images. Defaults: `tune.beta = 1`. With `tune.modelRewardPower` p,
 * images are drawn in proportion to r^p, and every drawn image has weight 1.
 */
import { mean, mul, slice, type Tensor } from '@heed/diffusion/autodiff';
import { batchCounts, createTuneBatches, denoisingSpecs } from '../batches.ts';
import type { BatchSizes, Losses, TuningMethod } from '../method.ts';
import { findModelImages } from '../model-data.ts';
import { createRewardStream, positionIn, rewardOf } from '../reward-stream.ts';
import { errorPerSample, withPretraining } from './terms.ts';

const specs = (sizes: BatchSizes) => ({ ...denoisingSpecs(sizes), sampleWeights: { shape: [sizes.modelCount] } });

export const rewardWeighted: TuningMethod = {
  name: 'reward-weighted',
  title: 'reward-weighted likelihood',
  needs: () => ({ reward: true, reference: false }),

  async samples(context) {
    const { labelled, unlabelled } = await findModelImages(context);
    const chosen = [...labelled.map(({ image }) => image), ...unlabelled];
    const rewards = await context.score(chosen);
    return chosen.map(({ id, prompt }, i) => ({
      image: id,
      prompt,
      reward: rewards[i]!,
      labelled: i < labelled.length,
    }));
  },

  specs,

  batches(inputs) {
    const { samples, options } = inputs;
    const { modelRewardPower: power, seed } = options;
    const { modelCount: count } = batchCounts(options);
    const stream = createRewardStream({ name: 'model', samples, power, seed });
    return createTuneBatches(inputs, {
      specs,
      at(batch) {
        const drawn = stream.at(batch * count, count).map((i) => samples[i]!);
        // If images are drawn by reward, the reward must not weigh them again.
        const sampleWeights = Float32Array.from(drawn, (sample) => (power === undefined ? rewardOf(sample) : 1));
        return { samples: drawn, feeds: { sampleWeights } };
      },
      position: (batch) => positionIn(samples.length, batch * count),
    });
  },

  loss(networks, batch, { beta }) {
    const errors = errorPerSample(networks.predict(batch), batch); // [M + R]
    return rewardWeightedLoss(errors, batch.sampleWeights!, beta);
  },
};

/**
 * The loss mean(weight * error over D_model) + beta * mean(error over D_pre). `errors` has the shape [M + R],
 * `sampleWeights` [M].
 */
export function rewardWeightedLoss(errors: Tensor, sampleWeights: Tensor, beta: number): Losses {
  const modelCount = sampleWeights.shape[0]!;
  const modelErrors = slice(errors, { axis: 0, start: 0, end: modelCount });
  return withPretraining(mean(mul(sampleWeights, modelErrors)), { errors, modelCount, beta });
}
