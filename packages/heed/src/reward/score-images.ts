/** Scores images by their cached embeddings, which `features.ts` computes. */
import type { Features } from './features.ts';
import type { RewardModel } from './reward-model.ts';
import { normalise, type TextNorm } from './text-norm.ts';

/** Number of images that are normalised together. Each image adds a row for each of its contrasting prompts. */
const NORMALISED_AT_ONCE = 128;

/** An image and the prompt that the image is scored for. */
export interface ScoredPair {
  readonly id: string;
  readonly prompt: string;
}

type Embeddings = Pick<Features, 'projectionDim' | 'text' | 'image'>;

/**
 * Computes r(x, z) of each image for its prompt, in the order of the images. With `norm`, the rewards are normalised by
 * TextNorm. `features` must contain the embeddings of all images, prompts and contrasting prompts.
 */
export async function scoreImages(
  model: Pick<RewardModel, 'score'>,
  images: readonly ScoredPair[],
  features: Embeddings,
  norm?: TextNorm | undefined,
): Promise<Float32Array> {
  if (norm === undefined) return scorePairs(model, images, features);
  const scores = new Float32Array(images.length);
  for (let start = 0; start < images.length; start += NORMALISED_AT_ONCE) {
    const asked = images
      .slice(start, start + NORMALISED_AT_ONCE)
      .map(({ id, prompt }) => [prompt, ...norm.contrasts(prompt)].map((text) => ({ id, prompt: text })));
    const rewards = await scorePairs(model, asked.flat(), features);
    let end = 0;
    for (const [i, { length }] of asked.entries()) {
      end += length;
      scores[start + i] = normalise(rewards.subarray(end - length, end), norm);
    }
  }
  return scores;
}

/** The texts whose embeddings `scoreImages` reads from `features`. */
export function scoredTexts(images: readonly { prompt: string }[], norm: TextNorm | undefined): string[] {
  const prompts = [...new Set(images.map(({ prompt }) => prompt))];
  return norm === undefined ? prompts : prompts.flatMap((prompt) => [prompt, ...norm.contrasts(prompt)]);
}

/** Standard deviation over an ensemble's members for each image; zeros for a single network. */
export async function spreadOfImages(
  model: RewardModel,
  images: readonly ScoredPair[],
  features: Embeddings,
): Promise<Float32Array> {
  return model.spread(...rowsOf(images, features));
}

function scorePairs(model: Pick<RewardModel, 'score'>, images: readonly ScoredPair[], features: Embeddings) {
  return model.score(...rowsOf(images, features));
}

function rowsOf(images: readonly ScoredPair[], features: Embeddings): [Float32Array, Float32Array] {
  const { projectionDim } = features;
  return [
    stackRows(
      images.map(({ prompt }) => features.text(prompt)),
      projectionDim,
    ),
    stackRows(
      images.map(({ id }) => features.image(id)),
      projectionDim,
    ),
  ];
}

/** Concatenates rows of `length` numbers. */
export function stackRows(rows: readonly Float32Array[], length: number): Float32Array {
  const stacked = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    stacked.set(row, i * length);
  });
  return stacked;
}
