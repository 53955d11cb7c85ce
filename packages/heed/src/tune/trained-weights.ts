/** The weights that a run trains: all U-Net weights, or low-rank factors on frozen weights (LoRA, Hu et al. 2021). */
import {
  initializeLora,
  isLoraParameter,
  loraModules,
  type ModelComponent,
  mergeLora,
  type UnetConfig,
} from '@heed/diffusion';
import { createRandom, type ParameterValues } from '@heed/diffusion/autodiff';
import { isReferenceParameter, referenceOf } from './networks.ts';
import type { TuneOptions } from './options.ts';
import { parameterCount } from './run-batches.ts';

export interface TrainedWeights {
  /** All weights that the compute graph reads, by name. */
  readonly all: ParameterValues;
  /** The weights that the optimizer changes. Checkpoints contain only these. */
  readonly trained: ParameterValues;
  readonly isTrained: (name: string) => boolean;
  /**
   * The current weights of the U-Net; a LoRA is merged into these weights. If `average` is given, its values replace
   * the trained weights. With a LoRA, every call returns the same arrays with new values.
   */
  plain(average: ParameterValues | undefined): ParameterValues;
}

/**
 * Sets up the weights to train. `base` contains the U-Net's weights. Without `lora`, these weights are trained in
 * place; if the method needs a reference, the weights are copied first.
 */
export function trainedWeights(
  base: ParameterValues,
  unetConfig: UnetConfig,
  { lora, seed, hasReference }: Pick<TuneOptions, 'lora' | 'seed'> & { hasReference: boolean },
): TrainedWeights {
  if (lora === undefined) {
    return {
      all: hasReference ? new Map([...base, ...referenceOf(base)]) : base,
      trained: base,
      isTrained: (name) => !isReferenceParameter(name),
      plain: (average) => (average === undefined ? base : new Map([...base, ...average])),
    };
  }
  const factors = initializeLora(unetConfig, lora, createRandom(seed).fork('lora'));
  let merged: ParameterValues | undefined;
  return {
    all: new Map([...base, ...factors]),
    trained: factors,
    isTrained: isLoraParameter,
    plain(average) {
      merged = mergeLora(base, loraModules(average ?? factors, lora), merged === undefined ? {} : { into: merged });
      return merged;
    },
  };
}

/** The number of trained values, which is also the number of gradients that ranks exchange. */
export function trainedValues({ parameters, config }: ModelComponent<UnetConfig>, options: TuneOptions): number {
  return parameterCount(trainedWeights(parameters, config, { ...options, hasReference: false }).trained);
}
