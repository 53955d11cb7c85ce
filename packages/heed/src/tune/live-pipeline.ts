/**
 * A pipeline that generates with the U-Net in training. The pipeline is opened at the first request and shared by all
 * observers of the run.
 */
import { type StableDiffusionComponents, StableDiffusionPipeline } from '@heed/diffusion';
import type { Device, ParameterValues } from '@heed/diffusion/autodiff';

export interface LivePipeline {
  /** The pipeline for `parameters`, read again at each run. Every call must pass the same arrays. */
  of(parameters: ParameterValues): StableDiffusionPipeline;
  dispose(): Promise<void>;
}

export function createLivePipeline(
  components: StableDiffusionComponents,
  runtime: { device: Device; threads?: number },
): LivePipeline {
  let pipeline: StableDiffusionPipeline | undefined;
  return {
    of(parameters) {
      const unet = { config: components.unet.config, parameters };
      pipeline ??= new StableDiffusionPipeline({ ...components, unet }, { ...runtime, liveUnet: true });
      return pipeline;
    },
    dispose: async () => pipeline?.dispose(),
  };
}
