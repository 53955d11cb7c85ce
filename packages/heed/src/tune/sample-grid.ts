/**
 * Sample grids that show the progress of a run: images of fixed prompts and seeds, generated with the current weights.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SamplerName, StableDiffusionPipeline } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import type { MetricsLog } from '../metrics/metrics-log.ts';
import { composeGrid } from '../sample/grid.ts';
import { encodeGrid } from '../sample/run.ts';

const SEEDS_PER_PROMPT = 4;

export interface SampleGrid {
  /**
   * Generates a grid and writes it to a PNG file such as `samples/step-00000250.png` and to the run's TensorBoard event
   * file.
   */
  draw(step: number, parameters: ParameterValues): Promise<void>;
}

/** Creates grids with one row for each prompt and the same four seeds in every row. */
export function createSampleGrid(options: {
  folder: string;
  /** Returns a pipeline that generates images with these weights. */
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
