/** What a run trains: every weight of the U-Net, or low-rank factors on top of frozen weights (LoRA, Hu et al. 2021). */
import { initializeLora, isLoraParameter, loraModules, mergeLora, type UnetConfig, withLora } from '@heed/diffusion';
import { createRandom, type ParameterScope, type ParameterValues } from '@heed/diffusion/autodiff';
import type { TuneOptions } from './options.ts';

export interface TrainedWeights {
  /** All that the graph reads, by name. */
  readonly all: ParameterValues;
  /** Those of them that the optimizer changes; checkpoints hold these alone. */
  readonly trained: ParameterValues;
  readonly isTrained: (name: string) => boolean;
  /** The scope in which the U-Net is to be built. */
  adapt(p: ParameterScope): ParameterScope;
  /** Weights of a plain U-Net as they are now, with `average` in place of the trained ones where it is given; always the same arrays. */
  plain(average: ParameterValues | undefined): ParameterValues;
}

/** `base` is the U-Net's weights; they are trained themselves where `options.lora` is absent. */
export function trainedWeights(
  base: ParameterValues,
  unetConfig: UnetConfig,
  { lora, seed }: Pick<TuneOptions, 'lora' | 'seed'>,
): TrainedWeights {
  if (lora === undefined) {
    return {
      all: base,
      trained: base,
      isTrained: () => true,
      adapt: (p) => p,
      plain: (average) => (average === undefined ? base : new Map([...base, ...average])),
    };
  }
  const factors = initializeLora(unetConfig, lora, createRandom(seed).fork('lora'));
  let merged: ParameterValues | undefined;
  return {
    all: new Map([...base, ...factors]),
    trained: factors,
    isTrained: isLoraParameter,
    adapt: (p) => withLora(p, lora),
    plain(average) {
      merged = mergeLora(base, loraModules(average ?? factors, lora), merged === undefined ? {} : { into: merged });
      return merged;
    },
  };
}
