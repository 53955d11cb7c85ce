/** Reads the configs of a Stable Diffusion model, folder or single file, without its weights. */
import { join } from 'node:path';
import { parseSchedulerConfig, type SchedulerConfig } from '../configs/scheduler-config.ts';
import { COMPONENT_KINDS, type ComponentConfigs } from './component-kinds.ts';
import { isFile } from './is-file.ts';
import { MAX_CONFIG_BYTES, readJsonFile } from './json-file.ts';
import { readCheckpointConfigs } from './single-file/single-file.ts';

export interface ModelConfigs extends Pick<ComponentConfigs, 'unet' | 'vae' | 'textEncoder'> {
  scheduler: SchedulerConfig;
}

/** Reads the configs of a diffusers folder, or infers those of a single file; throws an error that names the file. */
export async function readModelConfigs(path: string): Promise<ModelConfigs> {
  if (await isFile(path)) return readCheckpointConfigs(path);
  const json = (...names: string[]) => readJsonFile(join(path, ...names), { maxBytes: MAX_CONFIG_BYTES });
  const { unet, vae, textEncoder } = COMPONENT_KINDS;
  const config = async <Config>(kind: { folder: string; parse: (json: unknown, source: string) => Config }) =>
    kind.parse(await json(kind.folder, 'config.json'), join(path, kind.folder, 'config.json'));
  const scheduler = join('scheduler', 'scheduler_config.json');
  return {
    unet: await config(unet),
    vae: await config(vae),
    textEncoder: await config(textEncoder),
    scheduler: parseSchedulerConfig(await json(scheduler), join(path, scheduler)),
  };
}
