/**
 * Best-of-n distillation (RAFT, Dong et al. 2023, arXiv 2304.06767; `type = 'sft'` of Flow-GRPO): plain likelihood on
 * the best images of each prompt.
 *
 *     L(theta) = E_(x in the best `keep` of a prompt's images by r) [ d_theta ]
 *              + pretrainingWeight E_(D_pre) [ d_theta ]
 *
 * d is the squared error of a prediction, averaged over its elements. The image with the highest reward is most likely
 * to exploit errors of the reward model, so the default keeps two images.
 *
 * Reads: the rewards of labelled and unlabelled images. No reference: an update costs as much as one of equation 2
 * (`reward-weighted.ts`) without D_pre. Defaults: the best 2 images of each prompt that has at least 4 images, no
 * pre-training pairs. Mixing in pre-training pairs (weight 1) preserves fidelity, as in equation 2.
 */
import { mean } from '@heed/diffusion/autodiff';
import { groupBy } from '../../collections/group-by.ts';
import type { MethodSettings } from '../../config/index.ts';
import { badInput } from '../../errors.ts';
import { batchCounts, denoisingSpecs } from '../batches.ts';
import type { TuningMethod } from '../method.ts';
import { findModelImages } from '../model-data.ts';
import { errorPerSample, firstRows, shuffledBatches, withPretraining } from './terms.ts';

export const bestOfN: TuningMethod<MethodSettings<'bestOfN'>> = {
  name: 'best-of-n',
  title: 'best-of-n distillation',
  needs: () => ({ reward: true, reference: false }),

  check({ settings: { keep, fewestImages } }) {
    if (keep >= fewestImages) {
      throw badInput(
        `tune.bestOfN.keep: expected fewer than tune.bestOfN.fewestImages (${fewestImages}), so that there is a choice, got ${keep}`,
      );
    }
  },

  async samples(context) {
    const { keep, fewestImages } = context.options.settings;
    const { labelled, unlabelled } = await findModelImages(context);
    const images = [...labelled.map(({ image }) => image), ...unlabelled];
    const prompts = [...groupBy(images, ({ prompt }) => prompt).values()];
    const large = prompts.filter((of) => of.length >= fewestImages);
    if (large.length === 0) {
      throw badInput(
        `tune.method 'best-of-n' needs a prompt with at least ${fewestImages} images (tune.bestOfN.fewestImages), got at most ${Math.max(...prompts.map((of) => of.length))} of one prompt`,
      );
    }
    const judged = new Set(labelled.map(({ image }) => image.id));
    const rewards = await context.score(large.flat());
    const scored = large.flat().map(({ id, prompt }, i) => ({
      image: id,
      prompt,
      reward: rewards[i]!,
      labelled: judged.has(id),
    }));
    return [...groupBy(scored, ({ prompt }) => prompt).values()].flatMap((of) =>
      of.sort((a, b) => b.reward - a.reward).slice(0, keep),
    );
  },

  specs: denoisingSpecs,
  batches: shuffledBatches,

  loss(networks, batch, options) {
    const { modelCount } = batchCounts(options);
    const errors = errorPerSample(networks.predict(batch), batch); // [M + R]
    return withPretraining(mean(firstRows(errors, modelCount)), { errors, modelCount, beta: options.beta });
  },
};
