/** The pictures by which one sees a run go right or wrong: fixed prompts, fixed seeds, the weights of the moment. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SamplerName, StableDiffusionPipeline } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import type { MetricsLog } from '../metrics/metrics-log.ts';
import { composeGrid } from '../sample/grid.ts';
import { encodeGrid } from '../sample/run.ts';

const SEEDS_PER_PROMPT = 4;

export interface SampleGrid {
  /** Draws into `samples/step-00000250.png` and the event file. */
  draw(step: number, parameters: ParameterValues): Promise<void>;
}

/** One row a prompt, the same four seeds in each. */
export function createSampleGrid(options: {
  folder: string;
  /** Draws with these weights. */
  pipelineOf: (parameters: ParameterValues) => StableDiffusionPipeline;
  prompts: readonly string[];
  sampling: { sampler: SamplerName; steps: number; guidanceScale: number; batchSize: number };
  metrics: MetricsLog;
  signal?: AbortSignal;
}): SampleGrid {
  const { folder, prompts, sampling, metrics, signal } = options;
  return {
    async draw(step, parameters) {
      if (prompts.length === 0) return;
      const images = await options.pipelineOf(parameters).generate({
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
  };
}
