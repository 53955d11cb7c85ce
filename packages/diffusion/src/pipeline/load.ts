/** Loads a model from disk as a pipeline or an embedder. `checkpoint/` reads the formats. */
import type { ParameterValues } from '@heed/autodiff';
import { loadClipFolder } from '../checkpoint/clip-folder.ts';
import { loadModel } from '../checkpoint/model.ts';
import { ClipEmbedder } from './clip-embedder.ts';
import type { RuntimeOptions } from './model-runner.ts';
import { StableDiffusionPipeline } from './stable-diffusion.ts';

export interface LoadPipelineOptions extends RuntimeOptions {
  /** `fp16` for `*.fp16.safetensors`. */
  variant?: string;
  /** Weights that replace the model's U-Net and are read again at each run, as for a U-Net in training. */
  unetParameters?: ParameterValues;
  /** See `LoadModelOptions`. */
  ema?: boolean | undefined;
  size?: number | undefined;
}

/**
 * Loads a diffusers folder of Stable Diffusion 1.x or 2.x or a single-file checkpoint of 1.x; throws the errors of
 * `loadModel`.
 */
export async function loadPipeline(
  path: string,
  { variant, unetParameters, ema, size, ...runtime }: LoadPipelineOptions = {},
): Promise<StableDiffusionPipeline> {
  const components = await loadModel(path, { variant, unetParameters, ema, size });
  return new StableDiffusionPipeline(components, { ...runtime, liveUnet: unetParameters !== undefined });
}

/** Loads a transformers folder of a CLIPModel; throws the errors of `loadClipFolder`. */
export async function loadClip(
  folder: string,
  { variant, ...runtime }: RuntimeOptions & { variant?: string } = {},
): Promise<ClipEmbedder> {
  const components = await loadClipFolder(folder, variant === undefined ? {} : { variant });
  return new ClipEmbedder(components, runtime);
}
