/** The pictures by which one sees a run go right or wrong: fixed prompts, fixed seeds, the weights of the moment. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type SamplerName, type StableDiffusionComponents, StableDiffusionPipeline } from '@heed/diffusion';
import type { Device, ParameterValues } from '@heed/diffusion/autodiff';
import type { MetricsLog } from '../metrics/metrics-log.ts';
import { composeGrid } from '../sample/grid.ts';
import { encodeGrid } from '../sample/run.ts';

const SEEDS_PER_PROMPT = 4;

export interface SampleGrid {
  /** Draws into `samples/step-00000250.png` and the event file. `parameters` must be the same arrays at each call. */
  draw(step: number, parameters: ParameterValues): Promise<void>;
  dispose(): Promise<void>;
}

/** One row a prompt, the same four seeds in each. */
export function createSampleGrid(options: {
  folder: string;
  components: StableDiffusionComponents;
  runtime: { device: Device; threads?: number };
  prompts: readonly string[];
  sampling: { sampler: SamplerName; steps: number; guidanceScale: number; batchSize: number };
  metrics: MetricsLog;
  signal?: AbortSignal;
}): SampleGrid {
  const { folder, components, runtime, prompts, sampling, metrics, signal } = options;
  let pipeline: StableDiffusionPipeline | undefined;
  return {
    async draw(step, parameters) {
      if (prompts.length === 0) return;
      const unet = { config: components.unet.config, parameters };
      pipeline ??= new StableDiffusionPipeline({ ...components, unet }, { ...runtime, liveUnet: true });
      const images = await pipeline.generate({
        prompts: prompts.flatMap((prompt) => Array.from({ length: SEEDS_PER_PROMPT }, () => prompt)),
        seeds: prompts.flatMap(() => Array.from({ length: SEEDS_PER_PROMPT }, (_, seed) => seed)),
        ...sampling,
        ...(signal === undefined ? {} : { signal }),
      });
      const grid = composeGrid(images, { columns: SEEDS_PER_PROMPT });
      const png = encodeGrid(grid, prompts);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `step-${String(step).padStart(8, '0')}.png`), png);
      await metrics.picture(step, 'samples', { png, width: grid.width, height: grid.height });
    },
    dispose: async () => pipeline?.dispose(),
  };
}
