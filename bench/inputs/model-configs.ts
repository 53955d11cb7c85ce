/** The configs of a model folder without its weights: a full-size model's would be gigabytes that the benchmark does not need. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ClipTextConfig,
  parseClipTextConfig,
  parseSchedulerConfig,
  parseUnetConfig,
  type SchedulerConfig,
  type UnetConfig,
} from '@heed/diffusion';

export async function readModelConfigs(
  folder: string,
): Promise<{ unet: UnetConfig; textEncoder: ClipTextConfig; scheduler: SchedulerConfig }> {
  const [unet, textEncoder, scheduler] = await Promise.all(
    ['unet/config.json', 'text_encoder/config.json', 'scheduler/scheduler_config.json'].map(async (path) =>
      JSON.parse(await readFile(join(folder, path), 'utf8')),
    ),
  );
  return {
    unet: parseUnetConfig(unet),
    textEncoder: parseClipTextConfig(textEncoder),
    scheduler: parseSchedulerConfig(scheduler),
  };
}
