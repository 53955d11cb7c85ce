/** CLIP's symmetric contrastive loss (Radford et al. 2021, figure 3). */
import {
  add,
  clamp,
  constant,
  l2Normalize,
  logSoftmax,
  matmul,
  mul,
  sum,
  type Tensor,
  transpose,
} from '@heed/autodiff';

const MAX_LOGIT_SCALE = 100;

/**
 * Cross-entropy of matching N texts to N images, averaged over both directions (text to image, image to text): ->
 * scalar. `targets` [N, N] (rows sum to one, symmetric) says which pairs belong together; the diagonal by default. Set
 * `targets` when texts repeat within a batch; otherwise equal texts are pushed apart.
 */
export function clipContrastiveLoss({
  textEmbeds,
  imageEmbeds,
  logitScale,
  targets,
}: {
  /** [N, P] */
  textEmbeds: Tensor;
  /** [N, P] */
  imageEmbeds: Tensor;
  /** Scalar factor on cosine similarities, limited to 100 as in the paper. */
  logitScale: Tensor;
  targets?: Tensor;
}): Tensor {
  const count = textEmbeds.shape[0]!;
  const matches = targets ?? identity(count);
  const similarity = matmul(l2Normalize(textEmbeds), l2Normalize(imageEmbeds), { transB: true }); // [N texts, N images]
  const logits = mul(similarity, clamp(logitScale, { max: MAX_LOGIT_SCALE }));
  const byText = sum(mul(logSoftmax(logits), matches));
  const byImage = sum(mul(logSoftmax(transpose(logits, [1, 0])), matches));
  return mul(add(byText, byImage), -0.5 / count);
}

function identity(size: number): Tensor {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  return constant(data, [size, size]);
}
