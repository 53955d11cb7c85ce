/**
 * Diffusion-DPO (Wallace et al. 2023, arXiv 2311.12908, equation 14) with the safeguard of Diffusion-SDPO (Fu et al.
 * 2025, arXiv 2511.03317). A pair is a good image w and a bad image l of one prompt; both get the same noise at the
 * same timestep. With d = the squared error of a prediction, averaged over its elements:
 *
 *     margin = -(beta / 2) [ (d_theta^w - d_theta^l) - (d_ref^w - d_ref^l) ]
 *     L(theta) = (4 / beta) E [ -log sigmoid(margin) ]  +  pretrainingWeight E_(D_pre) [ d_theta ]
 *
 * The factor 4 / beta is not in the paper. With this factor, the gradient at the start is that of d^w - d^l for every
 * beta. Learning rate, clipping norm and pre-training weight therefore have the same effect for every beta.
 *
 * Safeguard: plain DPO can also widen the margin by raising both errors, d^l more than d^w. The gradient of d^l is
 * therefore scaled by
 *
 *     lambda = min(1, (1 - mu) |e^w|^2 / <e^w, e^l>)   where <e^w, e^l> > 0, else 1
 *
 * with e = prediction - target over all pairs of the batch. With this scale, an update does not raise d^w to first
 * order. The setting `safeguardMargin` is mu.
 *
 * Reads: labels and preferences; no reward. Reference: the model before tuning. Batches: `tune.batchSize` images, which
 * make half as many pairs. Defaults: beta 'auto' (`terms.ts`), the safeguard is on with mu = 0, no pre-training pairs.
 * On the tiny model, 300 updates of 16 pairs at a learning rate of 2e-4 gave the best results; the paper of
 * Diffusion-DPO trains Stable Diffusion 1.5 with batches of 2,048 pairs at 2e-5.
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

/** Returns x unchanged; in the backward pass, the gradient of x is multiplied by `scale`. */
function scaleGradient(x: Tensor, scale: Tensor): Tensor {
  const value = stopGradient(x);
  return add(value, mul(scale, sub(x, value)));
}

/**
 * The scale lambda (see the comment at the top of this file) for the prediction errors [2 P, C, h, w]: a scalar without
 * gradient.
 */
function winnerPreservingScale(errors: Tensor, { pairs, margin }: { pairs: number; margin: number }): Tensor {
  const [winner, loser] = halves(stopGradient(errors), pairs);
  const alignment = sum(mul(winner, loser));
  const bound = div(mul(sum(square(winner)), 1 - margin), clamp(alignment, { min: 1e-9 }));
  // If the two gradients do not align, no scaling is needed.
  const isBound = isPositive(alignment);
  return add(mul(isBound, clamp(bound, { min: 0, max: 1 })), sub(1, isBound));
}
