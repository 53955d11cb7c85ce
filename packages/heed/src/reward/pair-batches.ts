/** Divides preferences into batches of one shape, and measures the Bradley-Terry loss of held-out pairs. */
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import type { Features } from './features.ts';
import type { RewardModel } from './reward-model.ts';
import type { RewardPair } from './reward-pairs.ts';
import type { JudgementWeight } from './round-weights.ts';
import { scoreImages, stackRows } from './score-images.ts';

export interface PairPlan {
  /** Number of pairs in a batch; 0 when there are no pairs. */
  readonly batchSize: number;
  /** One pass in a new order. Pairs that do not fill a batch are left out of this pass. */
  compose(random: RandomGenerator): (readonly RewardPair[])[];
}

export function planPairs(pairs: readonly RewardPair[], { batchSize }: { batchSize: number }): PairPlan {
  const size = Math.min(batchSize, pairs.length);
  return {
    batchSize: size,
    compose(random) {
      if (size === 0) return [];
      const order = random.shuffle([...pairs]);
      return Array.from({ length: Math.floor(pairs.length / size) }, (_, i) => order.slice(i * size, (i + 1) * size));
    },
  };
}

/** Input specs of `pairLoss`. */
export function pairInputs(batchSize: number, projectionDim: number, { isWeighted }: { isWeighted: boolean }) {
  const shape = [batchSize, projectionDim];
  return {
    pairTextEmbeds: { shape },
    firstEmbeds: { shape },
    secondEmbeds: { shape },
    shares: { shape: [batchSize] },
    ...(isWeighted ? { pairWeights: { shape: [batchSize] } } : {}),
  };
}

export function assemblePairs(
  pairs: readonly RewardPair[],
  { features, weightOf }: { features: Features; weightOf: JudgementWeight | undefined },
) {
  const rows = (of: (pair: RewardPair) => Float32Array) => stackRows(pairs.map(of), features.projectionDim);
  return {
    pairTextEmbeds: rows(({ first }) => features.text(first.prompt)),
    firstEmbeds: rows(({ first }) => features.image(first.id)),
    secondEmbeds: rows(({ second }) => features.image(second.id)),
    shares: Float32Array.from(pairs, ({ share }) => share),
    ...(weightOf ? { pairWeights: Float32Array.from(pairs, ({ first, second }) => weightOf(first, second)) } : {}),
  };
}

/** The mean Bradley-Terry loss of `pairs` under the model. */
export async function measurePairs(
  model: RewardModel,
  pairs: readonly RewardPair[],
  features: Features,
): Promise<number> {
  const scores = await scoreImages(
    model,
    pairs.flatMap(({ first, second }) => [first, second]),
    features,
  );
  const total = pairs.reduce((sum, { share }, i) => {
    const margin = logOdds(scores[2 * i]!) - logOdds(scores[2 * i + 1]!);
    return sum + share * softplus(-margin) + (1 - share) * softplus(margin);
  }, 0);
  return total / pairs.length;
}

/** The log odds of a float32 probability, clipped because rounding can give exactly 0 or 1. */
function logOdds(probability: number): number {
  const p = Math.min(Math.max(probability, 1e-7), 1 - 1e-7);
  return Math.log(p / (1 - p));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
