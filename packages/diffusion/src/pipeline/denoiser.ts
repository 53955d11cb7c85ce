/** The U-Net in the form that samplers call: with guidance, and with one timestep for the whole batch. */
import { availableParallelism } from 'node:os';
import type { UnetConfig } from '../configs/unet-config.ts';
import { unet } from '../models/unet/unet.ts';
import { stackRows } from './batches.ts';
import type { ModelComponent } from './components.ts';
import { createModelRunner, type ModelRunner, parameterBytes, type RuntimeOptions } from './model-runner.ts';

export interface DenoiseBatch {
  /** [batch, C, h, w] */
  shape: readonly [number, number, number, number];
  /** [batch, T, D] */
  states: Float32Array;
  /** Text states [T, D] of the negative prompt. Without negative states there is no guidance. */
  negativeState: Float32Array | undefined;
  guidanceScale: number;
  textLength: number;
  signal?: AbortSignal | undefined;
}

export interface Denoiser {
  /**
   * Returns the function that a sampler calls. The function maps a sample [batch, C, h, w] and a timestep to the
   * network's output after guidance.
   */
  prepare(batch: DenoiseBatch): Promise<(sample: Float32Array, timestep: number) => Promise<Float32Array>>;
  dispose(): Promise<void>;
}

/** Size limit of weights in bytes. Above it, a second copy of the weights costs more than parallel halves gain. */
const MAX_SPLIT_BYTES = 2 ** 28;

/**
 * With `live`, the weights are read again at each run; see `createModelRunner`. On a CPU with two or more threads, a
 * small network with guidance computes its unconditional and its conditional prediction in parallel, each on half the
 * threads. Small operators gain little from many threads.
 */
export function createDenoiser(
  { config, parameters }: ModelComponent<UnetConfig>,
  options: RuntimeOptions & { live: boolean },
): Denoiser {
  const { device = 'cpu', threads = availableParallelism() } = options;
  const splits = device === 'cpu' && threads >= 2 && parameterBytes(parameters) <= MAX_SPLIT_BYTES;
  const whole = createModelRunner({ name: 'U-Net', parameters, ...options });
  const halves = [0, 1].map(() =>
    createModelRunner({ name: 'U-Net', parameters, ...options, threads: Math.floor(threads / 2) }),
  );

  return {
    async prepare({ shape, states, negativeState, guidanceScale, textLength, signal }) {
      const [batch, ...sampleShape] = shape;
      const compiled = (runner: ModelRunner, rows: number) =>
        runner.compiled(
          'denoise',
          {
            sample: { shape: [rows, ...sampleShape] },
            timestep: { shape: [rows] },
            encoderHiddenStates: { shape: [rows, textLength, config.cross_attention_dim] },
          },
          (p, x) => ({ output: unet(p, config, x) }),
        );
      type Network = Awaited<ReturnType<typeof compiled>>;
      const predict = async (network: Network, sample: Float32Array, timestep: number, text: Float32Array) => {
        const rows = text.length / (textLength * config.cross_attention_dim);
        const feeds = { sample, timestep: new Float32Array(rows).fill(timestep), encoderHiddenStates: text };
        return (await network.run(feeds, signal === undefined ? {} : { signal })).output;
      };

      if (negativeState === undefined) {
        const network = await compiled(whole, batch);
        return (sample, timestep) => predict(network, sample, timestep, states);
      }
      const negative = stackRows(new Array<Float32Array>(batch).fill(negativeState));
      if (splits) {
        const networks = await Promise.all(halves.map((runner) => compiled(runner, batch)));
        return async (sample, timestep) => {
          // Waits for both, so that nothing still runs after an abort.
          const [unconditional, conditional] = await Promise.allSettled(
            [negative, states].map((text, i) => predict(networks[i]!, sample, timestep, text)),
          );
          return guide(settled(unconditional!), settled(conditional!), guidanceScale);
        };
      }
      const network = await compiled(whole, 2 * batch);
      const text = stackRows([negative, states]);
      return async (sample, timestep) => {
        const output = await predict(network, stackRows([sample, sample]), timestep, text);
        return guide(output.subarray(0, sample.length), output.subarray(sample.length), guidanceScale);
      };
    },
    dispose: async () => {
      await Promise.all([whole, ...halves].map((runner) => runner.dispose()));
    },
  };
}

function settled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** Classifier-free guidance (Ho and Salimans 2022, equation 6): uncond + scale (cond - uncond), [B, ...]. */
function guide(unconditional: Float32Array, conditional: Float32Array, scale: number): Float32Array {
  return unconditional.map((value, i) => value + scale * (conditional[i]! - value));
}
