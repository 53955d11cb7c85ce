/** The VAE's objective without an adversary: reconstruction plus a small KL term (Rombach et al. 2022, appendix G). */
import { add, exp, mean, mul, neg, type ParameterScope, relu, square, sub, sum, type Tensor } from '@heed/autodiff';
import type { VaeConfig } from '../configs/vae-config.ts';
import { vaeDecode, vaeEncode } from '../models/vae.ts';

export interface VaeLossOptions {
  /** Weight of the mean absolute error. */
  l1Weight?: number;
  /** Weight of the mean squared error. */
  mseWeight?: number;
  /** Weight of the KL term relative to the summed reconstruction error, as in the original training. */
  klWeight?: number;
}

export interface VaeLoss {
  /** Scalar. */
  loss: Tensor;
  /** Scalar: weighted pixel error, mean over all pixels. */
  reconstruction: Tensor;
  /** Scalar: KL divergence from the unit Gaussian in nats, mean over images. */
  kl: Tensor;
  /** [B, 3, H, W] */
  decoded: Tensor;
}

/**
 * Computes the losses of encoding pixels, sampling latents with the given noise, and decoding the latents: pixels [B,
 * 3, H, W] in [-1, 1], noise [B, latent_channels, h, w].
 */
export function vaeLoss(
  p: ParameterScope,
  config: VaeConfig,
  { pixels, noise }: { pixels: Tensor; noise: Tensor },
  { l1Weight = 1, mseWeight = 0, klWeight = 1e-6 }: VaeLossOptions = {},
): VaeLoss {
  const batch = pixels.shape[0]!;
  const pixelsPerImage = pixels.shape.slice(1).reduce((product, size) => product * size, 1);
  const { mean: center, logVariance } = vaeEncode(p, config, { pixels });
  const latents = add(center, mul(exp(mul(logVariance, 0.5)), noise));
  const decoded = vaeDecode(p, config, { latents });
  const difference = sub(decoded, pixels);
  const absolute = add(relu(difference), relu(neg(difference)));
  const reconstruction = add(mul(mean(absolute), l1Weight), mul(mean(square(difference)), mseWeight));
  const divergence = sub(add(square(center), exp(logVariance)), add(logVariance, 1));
  const kl = mul(sum(divergence), 0.5 / batch);
  // The original adds sums per image; here the reconstruction is a mean over pixels, so the KL term shrinks alike.
  return { loss: add(reconstruction, mul(kl, klWeight / pixelsPerImage)), reconstruction, kl, decoded };
}
