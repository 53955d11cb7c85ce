/** Sinusoidal timestep features and the two-layer embedding on top (Ho et al. 2020; diffusers' TimestepEmbedding). */
import { concat, constant, cos, mul, type ParameterScope, reshape, silu, sin, type Tensor } from '@heed/autodiff';
import { linearLayer } from '../layers.ts';

const MAX_PERIOD = 10_000;

export interface TimestepFeatures {
  /** Even number of features. */
  size: number;
  flipSinToCos: boolean;
  freqShift: number;
}

/** Timesteps [B] -> features [B, size]: sines and cosines of t / 10000^(i / (size/2 - freqShift)). */
export function timestepFeatures(timestep: Tensor, { size, flipSinToCos, freqShift }: TimestepFeatures): Tensor {
  const half = size / 2;
  if (!Number.isInteger(half)) throw new Error(`timestep features: expected an even size, got ${size}`);
  const frequencies = new Float32Array(half);
  // Rounded to float32 at each step as torch does: t goes up to 999, which magnifies the last bit.
  for (let i = 0; i < half; i++) {
    frequencies[i] = Math.exp(Math.fround(Math.fround(-Math.log(MAX_PERIOD) * i) / (half - freqShift)));
  }
  const angles = mul(reshape(timestep, [timestep.shape[0]!, 1]), constant(frequencies, [1, half])); // [B, size/2]
  return concat(flipSinToCos ? [cos(angles), sin(angles)] : [sin(angles), cos(angles)], 1);
}

/** Features [B, C] -> embedding [B, size]. */
export function timeEmbedding(p: ParameterScope, features: Tensor, { size }: { size: number }): Tensor {
  const hidden = silu(linearLayer(p.at('linear_1'), features, { features: size }));
  return linearLayer(p.at('linear_2'), hidden, { features: size });
}
