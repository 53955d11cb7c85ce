// Starts pre-training from the weights in the package: copies them to the stages' folders, so that training can
// continue with only the repository. Optimizers start without state.
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readSafetensors } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import { readCheckedJson } from '@heed/diffusion/checked-json';
import { InputError } from '@heed/diffusion/errors';
import { z } from 'zod';
import { CLIP_FOLDER, RECOGNISER_FOLDER, TINY_MODEL_FOLDER } from '../paths.ts';
import type { StageContext, StageName } from './stage.ts';
import { exists, SCALING_FILE, stageFolder, TEXT_TOWER_FILE } from './stage.ts';
import { inheritedRecordPath, SHIPPED_RECORD } from './training-record.ts';
import { writeJson } from './write-json.ts';

const TOKENIZER_FILES = ['vocab.json', 'merges.txt', 'tokenizer_config.json', 'special_tokens_map.json'] as const;

const VAE_FOLDER = join(TINY_MODEL_FOLDER, 'vae');

/** File names of each trained stage's weights in the package. */
const WEIGHTS: Readonly<Partial<Record<StageName, string>>> = {
  recogniser: join(RECOGNISER_FOLDER, 'model.safetensors'),
  clip: join(CLIP_FOLDER, 'model.safetensors'),
  vae: join(VAE_FOLDER, 'diffusion_pytorch_model.safetensors'),
  unet: join(TINY_MODEL_FOLDER, 'unet', 'diffusion_pytorch_model.safetensors'),
};

/**
 * The shipped weights of a stage, in float32. Names and shapes are not checked here; the training step throws when
 * weights do not fit its model.
 */
export async function shippedParameters(stage: StageName): Promise<ParameterValues> {
  const path = WEIGHTS[stage];
  if (path === undefined) throw new InputError(`--from-shipped takes a trained stage, not '${stage}'`);
  return (await readSafetensors(path)).tensors;
}

/** Copies the shipped files to the folders where stages look for each other's results. Existing files are kept. */
export async function restoreShipped(context: Pick<StageContext, 'root'>): Promise<void> {
  const copies: [source: string, target: string][] = [
    ...TOKENIZER_FILES.map((name): [string, string] => [
      join(CLIP_FOLDER, name),
      join(stageFolder(context, 'tokenizer'), name),
    ]),
    ...Object.entries(WEIGHTS).map(([stage, path]): [string, string] => [
      path,
      join(stageFolder(context, stage as StageName), 'model.safetensors'),
    ]),
    [SHIPPED_RECORD, inheritedRecordPath(context)],
    [join(TINY_MODEL_FOLDER, 'text_encoder', 'model.safetensors'), join(stageFolder(context, 'unet'), TEXT_TOWER_FILE)],
  ];
  for (const [source, target] of copies) {
    if (await exists(target)) continue;
    await mkdir(dirname(target), { recursive: true });
    await copyFile(source, target);
  }
  // The U-Net was trained with this scale, so encoding scenes again must not measure a new one.
  const scaling = join(stageFolder(context, 'latents'), SCALING_FILE);
  if (await exists(scaling)) return;
  const config = await readCheckedJson(join(VAE_FOLDER, 'config.json'), {
    what: "an autoencoder's config",
    schema: z.object({ scaling_factor: z.number() }),
  });
  await mkdir(dirname(scaling), { recursive: true });
  await writeJson(scaling, { scalingFactor: config.scaling_factor });
}
