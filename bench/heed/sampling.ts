/** Prompts to pictures with the shipped model: `loadPipeline` and its `generate`, text encoder to 8-bit pixels. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPipeline } from '@heed/diffusion';
import { FILES, tensor } from '../inputs/files.ts';
import { seedOf } from '../inputs/seeds.ts';
import type { SamplingSettings } from '../settings.ts';
import type { OpenOptions, Workload } from './workload.ts';

export async function openSampling({
  folder,
  settings,
  threads,
  runtime,
}: OpenOptions<SamplingSettings>): Promise<Workload> {
  const { batchSize, steps, guidanceScale } = settings;
  const pipeline = await loadPipeline(join(folder, FILES.model), { ...runtime, threads });
  const prompts: string[] = JSON.parse(await readFile(join(folder, FILES.texts), 'utf8'));
  const sample = () =>
    pipeline.generate({
      prompts,
      seeds: prompts.map((_, i) => seedOf(i)),
      steps,
      guidanceScale,
      sampler: 'dpmpp_2m',
      batchSize,
    });
  return {
    async check() {
      const images = await sample();
      const { width, height } = images[0]!;
      const bytes = Buffer.concat(images.map(({ data }) => data));
      return new Map([['images', tensor([images.length, height, width, 3], bytes)]]);
    },
    runOnce: sample,
  };
}
