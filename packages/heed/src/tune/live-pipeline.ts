/**
 * A pipeline that generates images with the U-Net that is being trained. The pipeline is created at the first call and
 * shared by the sample grids and the measurements of the run.
 */
import { type StableDiffusionComponents, StableDiffusionPipeline } from '@heed/diffusion';
import type { Device, ParameterValues } from '@heed/diffusion/autodiff';

export interface LivePipeline {
  /**
   * The pipeline for `parameters`; each generation reads the current values of the arrays. Every call must pass the
   * same arrays.
   */
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
