/** The U-Net as samplers call it: guided, at one timestep for the whole batch. */
import type { UnetConfig } from '../configs/unet-config.ts';
import { unet } from '../models/unet/unet.ts';
import { stackRows } from './batches.ts';
import type { ModelComponent } from './components.ts';
import { createModelRunner, type RuntimeOptions } from './model-runner.ts';

export interface DenoiseBatch {
  /** [batch, C, h, w] */
  shape: readonly [number, number, number, number];
  /** [batch, T, D] */
  states: Float32Array;
  /** [T, D] of the negative prompt; without it there is no guidance. */
  negativeState: Float32Array | undefined;
  guidanceScale: number;
  textLength: number;
  signal?: AbortSignal | undefined;
}

export interface Denoiser {
  /** The function a sampler asks: sample [batch, C, h, w] and timestep -> the network's output after guidance. */
  prepare(batch: DenoiseBatch): Promise<(sample: Float32Array, timestep: number) => Promise<Float32Array>>;
  dispose(): Promise<void>;
}

/** `live` shows training in progress; see `createModelRunner`. */
export function createDenoiser(
  { config, parameters }: ModelComponent<UnetConfig>,
  options: RuntimeOptions & { live: boolean },
): Denoiser {
  const runner = createModelRunner({ name: 'U-Net', parameters, ...options });
  return {
    async prepare({ shape, states, negativeState, guidanceScale, textLength, signal }) {
      const [batch, ...sampleShape] = shape;
      const rows = negativeState === undefined ? batch : 2 * batch; // unconditional half first
      const network = await runner.compiled(
        'denoise',
        {
          sample: { shape: [rows, ...sampleShape] },
          timestep: { shape: [rows] },
          encoderHiddenStates: { shape: [rows, textLength, config.cross_attention_dim] },
        },
        (p, x) => ({ output: unet(p, config, x) }),
      );
      const encoderHiddenStates =
        negativeState === undefined
          ? states
          : stackRows([stackRows(new Array<Float32Array>(batch).fill(negativeState)), states]);
      return async (sample, timestep) => {
        const feeds = {
          sample: negativeState === undefined ? sample : stackRows([sample, sample]),
          timestep: new Float32Array(rows).fill(timestep),
          encoderHiddenStates,
        };
        const { output } = await network.run(feeds, signal === undefined ? {} : { signal });
        return negativeState === undefined ? output : guide(output, guidanceScale);
      };
    },
    dispose: () => runner.dispose(),
  };
}

/**
 * Classifier-free guidance (Ho and Salimans 2022, equation 6): both halves of a doubled batch [2B, ...], unconditional
 * first -> uncond + scale (cond - uncond) [B, ...].
 */
export function guide(doubled: Float32Array, scale: number): Float32Array {
  const half = doubled.length / 2;
  const guided = new Float32Array(half);
  for (let i = 0; i < half; i++) {
    const unconditional = doubled[i]!;
    guided[i] = unconditional + scale * (doubled[half + i]! - unconditional);
  }
  return guided;
}
