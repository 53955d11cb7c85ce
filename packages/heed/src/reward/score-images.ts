/** Scores images by their kept embeddings. Embedding them is `features.ts`'s business. */
import type { Features } from './features.ts';
import type { RewardModel } from './reward-model.ts';

/** r(x, z) of each image for its prompt, in their order; `features` must hold all of them. */
export async function scoreImages(
  model: RewardModel,
  images: readonly { id: string; prompt: string }[],
  features: Pick<Features, 'projectionDim' | 'text' | 'image'>,
): Promise<Float32Array> {
  return model.score(
    stackRows(
      images.map(({ prompt }) => features.text(prompt)),
      features.projectionDim,
    ),
    stackRows(
      images.map(({ id }) => features.image(id)),
      features.projectionDim,
    ),
  );
}

/** Rows of `length` numbers, one after another. */
export function stackRows(rows: readonly Float32Array[], length: number): Float32Array {
  const stacked = new Float32Array(rows.length * length);
  rows.forEach((row, i) => {
    stacked.set(row, i * length);
  });
  return stacked;
}
