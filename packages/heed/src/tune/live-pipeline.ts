/** A pipeline that draws with a U-Net in training: opened when it is first asked for, shared by all that look on. */
import { type StableDiffusionComponents, StableDiffusionPipeline } from '@heed/diffusion';
import type { Device, ParameterValues } from '@heed/diffusion/autodiff';

export interface LivePipeline {
  /** Draws with `parameters` as they are at each call; they must be the same arrays each time. */
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
