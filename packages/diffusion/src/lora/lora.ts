/**
 * The low-rank update of a network (LoRA) as data: the changed modules and the factors of each. `lora-file.ts` reads
 * and writes the files.
 */

import {
  describeParameters,
  formatShape,
  initializeParameters,
  input,
  type ParameterSpec,
  type ParameterValue,
  type ParameterValues,
  type RandomGenerator,
} from '@heed/autodiff';
import type { UnetConfig } from '../configs/unet-config.ts';
import { InputError } from '../errors.ts';
import { unet } from '../models/unet/unet.ts';
import { isLoraParameter, LORA_DOWN, LORA_UP, type LoraOptions, withLora } from './low-rank-scope.ts';

/** One module's update: the new weight is weight + (alpha / rank) (up · down), where · is the matrix product. */
export interface LoraModule {
  readonly down: ParameterValue; // [rank, in] or [rank, in, k, k]
  readonly up: ParameterValue; // [out, rank] or [out, rank, 1, 1]
  readonly alpha: number;
}

/** Updates by module path, in diffusers' naming: `mid_block.attentions.0.proj_in`. */
export type LoraModules = ReadonlyMap<string, LoraModule>;

/**
 * Lists the factors of a LoRA for a U-Net of this config, named `<module>.lora_down.weight` and
 * `<module>.lora_up.weight`.
 */
export function loraParameters(config: UnetConfig, options: LoraOptions): ParameterSpec[] {
  const side = 2 ** (config.block_out_channels.length - 1);
  return describeParameters((p) =>
    unet(withLora(p, options), config, {
      sample: input('sample', [1, config.in_channels, side, side]),
      timestep: input('timestep', [1]),
      encoderHiddenStates: input('encoderHiddenStates', [1, 1, config.cross_attention_dim]),
    }),
  ).filter(({ name }) => isLoraParameter(name));
}

/** Initial factors: `down` is uniform as in PyTorch's linear layer, `up` is zero. */
export function initializeLora(config: UnetConfig, options: LoraOptions, random: RandomGenerator): ParameterValues {
  return initializeParameters(loraParameters(config, options), random);
}

/** Groups trained factors by module. The result shares the arrays of `parameters`; other parameters are ignored. */
export function loraModules(parameters: ParameterValues, { alpha }: Pick<LoraOptions, 'alpha'>): LoraModules {
  const modules = new Map<string, LoraModule>();
  for (const [name, down] of parameters) {
    if (!name.endsWith(`.${LORA_DOWN}`)) continue;
    const path = name.slice(0, -LORA_DOWN.length - 1);
    const up = parameters.get(`${path}.${LORA_UP}`);
    if (up === undefined) throw new InputError(`LoRA: expected ${path}.${LORA_UP} beside ${name}, got none`);
    modules.set(path, { down, up, alpha });
  }
  return modules;
}

/**
 * Adds the update, times `strength`, to the weights. Changed weights get new arrays; all other weights keep their
 * arrays. With `into`, the result of an earlier call, the new arrays of that call are reused. Throws for a module that
 * the network lacks or whose weight has another shape.
 */
export function mergeLora(
  parameters: ParameterValues,
  modules: LoraModules,
  { strength = 1, into }: { strength?: number; into?: ParameterValues } = {},
): ParameterValues {
  const merged: ParameterValues = new Map(parameters);
  for (const [path, module] of modules) {
    const name = `${path}.weight`;
    const weight = parameters.get(name);
    if (weight === undefined) throw new InputError(`LoRA: expected a network with ${name}, got one without`);
    const data = into?.get(name)?.data ?? new Float32Array(weight.data.length);
    addProduct(data, weight, module, { path, strength });
    merged.set(name, { shape: weight.shape, data });
  }
  return merged;
}

/**
 * Computes data = weight + strength (alpha / rank) (up · down), where · is the matrix product. All axes of a
 * convolution's weight after the first are flattened into the columns of a matrix.
 */
function addProduct(
  data: Float32Array,
  weight: ParameterValue,
  { down, up, alpha }: LoraModule,
  { path, strength }: { path: string; strength: number },
): void {
  const rank = down.shape[0]!;
  const rows = weight.shape[0]!;
  const columns = weight.data.length / rows;
  if (up.data.length !== rows * rank || down.data.length !== rank * columns) {
    throw new InputError(
      `LoRA: ${path}: expected factors of ${formatShape(weight.shape)}, got ${formatShape(up.shape)} and ${formatShape(down.shape)}`,
    );
  }
  const scale = (strength * alpha) / rank;
  const sum = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    sum.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = scale * up.data[row * rank + k]!;
      const offset = k * columns;
      for (let column = 0; column < columns; column++) sum[column]! += factor * down.data[offset + column]!;
    }
    const start = row * columns;
    for (let column = 0; column < columns; column++) data[start + column] = weight.data[start + column]! + sum[column]!;
  }
}
