/**
 * Diffusion-DPO (Wallace et al. 2023, arXiv 2311.12908, equation 14) with the safeguard of Diffusion-SDPO (Fu et al.
 * 2025, arXiv 2511.03317). A pair is a good image w and a bad image l of one prompt; both get the same noise at the
 * same timestep. With d = the squared error of a prediction, averaged over its elements:
 *
 *     margin = -(beta / 2) [ (d_theta^w - d_theta^l) - (d_ref^w - d_ref^l) ]
 *     L(theta) = (4 / beta) E [ -log sigmoid(margin) ]  +  pretrainingWeight E_(D_pre) [ d_theta ]
 *
 * The factor 4 / beta is ours. At the start the gradient is that of d^w - d^l for every beta. The learning rate and the
 * clipping norm therefore keep their meaning, and a pre-training term has its usual weight.
 *
 * Safeguard: plain DPO also widens the margin by raising both errors. The gradient of d^l is therefore scaled by
 *
 *     lambda = min(1, (1 - mu) |e^w|^2 / <e^w, e^l>)   where <e^w, e^l> > 0, else 1
 *
 * with e = prediction - target over all pairs of the batch. To first order d^w then does not rise. The setting
 * `safeguardMargin` is mu.
 *
 * Reads: labels and preferences alone; no reward. Reference: the model before tuning. Batches: `tune.batchSize` images,
 * half as many pairs. Defaults: beta 'auto' (`terms.ts`), the safeguard on with mu = 0, no pre-training pairs. On the
 * tiny model 300 updates of 16 pairs at a learning rate of 2e-4 did best; Diffusion-DPO trains Stable Diffusion 1.5
 * with batches of 2,048 at 2e-5.
 */
import {
  add,
  clamp,
  div,
  isPositive,
  logSigmoid,
  mean,
  mul,
  neg,
  slice,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '@heed/diffusion/autodiff';
import type { MethodSettings } from '../../config/index.ts';
import { badInput } from '../../errors.ts';
import { batchCounts, createTuneBatches, denoisingSpecs } from '../batches.ts';
import type { TuningMethod } from '../method.ts';
import { checkUsesLabels, findPreferenceSamples } from '../model-data.ts';
import { createPairStream } from '../pair-stream.ts';
import { positionIn } from '../reward-stream.ts';
import { errorPerSample, firstRows, modelPart, readsPretrainingReward, resolveBeta, withPretraining } from './terms.ts';

export const dpo: TuningMethod<MethodSettings<'dpo'>> = {
  name: 'dpo',
  title: 'Diffusion-DPO',
  needs: (options) => ({ reward: readsPretrainingReward(options), reference: true }),

  check(options) {
    checkUsesLabels(options);
    const { batchSize, replicas } = options;
    if (batchSize % (2 * replicas) !== 0) {
      throw badInput(
        `tune.method 'dpo' learns from pairs: expected tune.batchSize to be a multiple of ${2 * replicas} (two images for each of ${replicas} replicas), got ${batchSize}`,
      );
    }
  },

  async samples(context) {
    const labelled = await findPreferenceSamples(context);
    const { size } = createPairStream({ samples: labelled, seed: 0 });
    if (size === 0) {
      throw badInput(
        `tune.method 'dpo' needs a prompt with both a good and a bad image or a preference, got none among ${labelled.length} labelled images of ${new Set(labelled.map(({ prompt }) => prompt)).size} prompts`,
      );
    }
    return labelled;
  },

  specs: denoisingSpecs,

  batches(inputs) {
    const { samples, options } = inputs;
    const pairs = batchCounts(options).modelCount / 2;
    const stream = createPairStream({ samples, seed: options.seed });
    const draws = Array.from({ length: 2 * pairs }, (_, i) => i % pairs);
    return createTuneBatches(inputs, {
      specs: denoisingSpecs,
      at(batch) {
        const drawn = stream.at(batch * pairs, pairs);
        const indices = [...drawn.map(({ good }) => good), ...drawn.map(({ bad }) => bad)];
        return { samples: indices.map((i) => samples[i]!), feeds: {}, draws };
      },
      position: (batch) => positionIn(stream.size, batch * pairs),
    });
  },

  loss(networks, batch, options) {
    const { modelCount } = batchCounts(options);
    const pairs = modelCount / 2;
    const { safeguard, safeguardMargin } = options.settings;
    const beta = resolveBeta(options.settings.beta, batch.target);
    const model = modelPart(batch, modelCount);
    const reference = stopGradient(errorPerSample(networks.reference(model), model)); // [M]
    const prediction = networks.predict(batch);
    const errors = errorPerSample(prediction, batch); // [M + R]
    const modelPrediction = firstRows(prediction, modelCount);
    const loserScale = safeguard
      ? winnerPreservingScale(sub(modelPrediction, model.target), { pairs, margin: safeguardMargin })
      : undefined;

    const [winner, loser] = halves(firstRows(errors, modelCount), pairs);
    const [referenceWinner, referenceLoser] = halves(reference, pairs);
    const winnerDrift = sub(winner, referenceWinner);
    const loserDrift = sub(loserScale ? scaleGradient(loser, loserScale) : loser, referenceLoser);
    const margin = mul(sub(winnerDrift, loserDrift), -beta / 2); // [P]
    const preferenceLoss = neg(mean(logSigmoid(margin)));
    return {
      ...withPretraining(mul(preferenceLoss, 4 / beta), { errors, modelCount, beta: options.beta }),
      preferenceLoss,
      margin: mean(margin),
      pairAccuracy: mean(isPositive(margin)),
      winnerDrift: mean(winnerDrift),
      loserDrift: mean(loserDrift),
      ...(loserScale ? { loserScale } : {}),
    };
  },
};

/** Splits the first axis of x [2 P, ...] into the preferred rows [P, ...] and the others [P, ...]. */
function halves(x: Tensor, pairs: number): [Tensor, Tensor] {
  return [slice(x, { axis: 0, start: 0, end: pairs }), slice(x, { axis: 0, start: pairs, end: 2 * pairs })];
}

/** The value of x; its gradient is multiplied by `scale`. */
function scaleGradient(x: Tensor, scale: Tensor): Tensor {
  const value = stopGradient(x);
  return add(value, mul(scale, sub(x, value)));
}

/** lambda of the file's header, a scalar without a gradient, for errors [2 P, C, h, w] of predictions. */
function winnerPreservingScale(errors: Tensor, { pairs, margin }: { pairs: number; margin: number }): Tensor {
  const [winner, loser] = halves(stopGradient(errors), pairs);
  const alignment = sum(mul(winner, loser));
  const bound = div(mul(sum(square(winner)), 1 - margin), clamp(alignment, { min: 1e-9 }));
  // If the two gradients do not align, no scaling is needed.
  const isBound = isPositive(alignment);
  return add(mul(isBound, clamp(bound, { min: 0, max: 1 })), sub(1, isBound));
}
