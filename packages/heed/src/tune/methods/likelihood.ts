/**
 * Plain likelihood on the images that raters labelled good, or on the images that raters labelled bad.
 *
 *     L(theta) = E_(x of that label) [ d_theta ]  +  pretrainingWeight E_(D_pre) [ d_theta ]
 *
 * d is the squared error of a prediction, averaged over its elements. Plain likelihood is the weakest method, since a
 * base model learns little from its own images. A model tuned on good images and a model tuned on bad images together
 * give good-minus-bad guidance (arXiv 2602.18799; `heed contrast`).
 *
 * Reads: labels alone. No reference: an update costs as much as one of equation 2 (`reward-weighted.ts`) without D_pre.
 * Default: the good images.
 */
import { mean } from '@heed/diffusion/autodiff';
import type { MethodSettings } from '../../config/index.ts';
import { badInput } from '../../errors.ts';
import { isBad, isGood } from '../../reward/labelled-image.ts';
import { batchCounts, denoisingSpecs } from '../batches.ts';
import type { TuningMethod } from '../method.ts';
import { checkUsesLabels, findLabelledSamples } from '../model-data.ts';
import { errorPerSample, firstRows, readsPretrainingReward, shuffledBatches, withPretraining } from './terms.ts';

export const likelihood: TuningMethod<MethodSettings<'likelihood'>> = {
  name: 'likelihood',
  title: 'likelihood of labelled images',
  check: checkUsesLabels,
  needs: (options) => ({ reward: readsPretrainingReward(options), reference: false }),

  async samples(context) {
    const { images } = context.options.settings;
    const labelled = await findLabelledSamples(context);
    const isWanted = images === 'good' ? isGood : isBad;
    const chosen = labelled.filter((sample) => isWanted({ label: sample.label! }));
    if (chosen.length === 0) {
      throw badInput(
        `tune.likelihood.images: expected ${images} images to learn from, got none among ${labelled.length} labelled images`,
      );
    }
    return chosen;
  },

  specs: denoisingSpecs,
  batches: shuffledBatches,

  loss(networks, batch, options) {
    const { modelCount } = batchCounts(options);
    const errors = errorPerSample(networks.predict(batch), batch); // [M + R]
    return withPretraining(mean(firstRows(errors, modelCount)), { errors, modelCount, beta: options.beta });
  },
};
