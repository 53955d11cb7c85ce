/** What lies in a benchmark's folder, and the form its inputs take. */
import type { ParameterValue, ParameterValues, Shape } from '@heed/diffusion/autodiff';

/** Names inside the folder; `model` and `clip` are copies of model folders. */
export const FILES = {
  inputs: 'inputs.safetensors',
  texts: 'texts.json',
  model: 'model',
  clip: 'clip',
  pictures: 'pictures',
  inception: 'inception.safetensors',
  statistics: ['a.npz', 'b.npz'],
} as const;

export interface Inputs {
  /** Both sides read these. */
  tensors: ParameterValues;
  /** Texts that heed tokenizes itself; its peer gets them as token ids among the tensors. */
  texts?: readonly string[];
}

/** A tensor of a safetensors file; whole numbers are exact up to 2^24. */
export function tensor(shape: Shape, values: ArrayLike<number>): ParameterValue {
  return { shape, data: Float32Array.from(values) };
}
