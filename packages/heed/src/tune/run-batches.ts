/** From a run's chosen samples, every rank makes the method's batches and the list of texts to encode. */
import type { StableDiffusionPipeline } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import type { VectorCache } from '../storage/vector-cache.ts';
import type { PretrainingSample, TuneBatches, TuneSample } from './batches.ts';
import type { TuningMethod } from './method.ts';
import type { TuneOptions } from './options.ts';
import type { TextStates } from './text-states.ts';

/** Makes the method's batches from the run's samples. */
export function batchesOf(inputs: {
  method: TuningMethod;
  options: TuneOptions;
  pipeline: StableDiffusionPipeline;
  latents: VectorCache;
  texts: TextStates;
  model: readonly TuneSample[];
  pretraining: readonly PretrainingSample[] | undefined;
}): TuneBatches {
  const { method, options, pipeline, latents, texts, model, pretraining } = inputs;
  return method.batches({
    samples: model,
    pretraining,
    options,
    schedule: pipeline.schedule,
    sources: {
      latentShape: pipeline.latentShape(),
      textShape: pipeline.textShape,
      latents: async (key) => (await latents.get(key))!,
      embedPrompts: texts.of,
    },
  });
}

/**
 * All texts that the text encoder must encode for the run. The empty text, which replaces dropped captions, is always
 * included.
 */
export function promptsOf(
  model: readonly TuneSample[],
  pretraining: readonly PretrainingSample[] | undefined,
): string[] {
  return [...model.map(({ prompt }) => prompt), ...(pretraining ?? []).map(({ caption }) => caption), ''];
}

/** Total number of values in all weight arrays. */
export function parameterCount(parameters: ParameterValues): number {
  return [...parameters.values()].reduce((total, { data }) => total + data.length, 0);
}
