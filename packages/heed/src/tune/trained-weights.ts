/**
 * What a run trains: every weight of the U-Net, or low-rank factors on top of frozen weights (LoRA, Hu et al. 2021).
 */
import { initializeLora, isLoraParameter, loraModules, mergeLora, type UnetConfig } from '@heed/diffusion';
import { createRandom, type ParameterValues } from '@heed/diffusion/autodiff';
import { isReferenceParameter, referenceOf } from './networks.ts';
import type { TuneOptions } from './options.ts';

export interface TrainedWeights {
  /** All that the graph reads, by name. */
  readonly all: ParameterValues;
  /** Those of them that the optimizer changes; checkpoints hold these alone. */
  readonly trained: ParameterValues;
  readonly isTrained: (name: string) => boolean;
  /**
   * Weights of a plain U-Net as they are now, with `average` in place of the trained ones where it is given; always the
   * same arrays.
   */
  plain(average: ParameterValues | undefined): ParameterValues;
}

/**
 * `base` is the U-Net's weights; they are trained themselves where `options.lora` is absent, and copied first where the
 * method needs them as they were.
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
