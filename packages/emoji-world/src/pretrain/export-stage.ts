// Writes what was trained as the folders the package ships: a diffusers folder, a transformers CLIPModel folder and the
// recogniser, all in float16. Can be run at any time; it takes the newest saved weights.
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@heed/diffusion';
import type { ParameterValues } from '@heed/diffusion/autodiff';
import { CLIP_FOLDER, RECOGNISER_FOLDER, TINY_MODEL_FOLDER } from '../paths.ts';
import { loadStageTokenizer } from './clip-stage.ts';
import { clipConfig, PREPROCESSOR_CONFIG, SCHEDULER_CONFIG, textConfig, UNET_CONFIG, vaeConfig } from './configs.ts';
import { readScalingFactor } from './latent-shards.ts';
import { writeRecogniser } from './recogniser-stage.ts';
import type { StageContext, StageName, StageRunner } from './stage.ts';
import { exists, requireFile, stageFolder } from './stage.ts';
import { textTowerPath } from './unet-stage.ts';
import { writeJson } from './write-json.ts';

export const runExportStage: StageRunner = async (context) => {
  const text = textConfig(await loadStageTokenizer(context));
  const components: readonly ModelFolder[] = [
    {
      folder: join(TINY_MODEL_FOLDER, 'unet'),
      file: 'diffusion_pytorch_model.safetensors',
      config: UNET_CONFIG,
      weights: await weightsOf(context, 'unet'),
    },
    {
      folder: join(TINY_MODEL_FOLDER, 'vae'),
      file: 'diffusion_pytorch_model.safetensors',
      config: vaeConfig({ scalingFactor: await readScalingFactor(context) }),
      weights: await weightsOf(context, 'vae'),
    },
    {
      folder: join(TINY_MODEL_FOLDER, 'text_encoder'),
      file: 'model.safetensors',
      config: text,
      weights: (await readSafetensors(await requireFile(textTowerPath(context), 'unet'))).tensors,
    },
    {
      folder: CLIP_FOLDER,
      file: 'model.safetensors',
      config: clipConfig(text),
      weights: await weightsOf(context, 'clip'),
    },
  ];
  for (const component of components) {
    await writeModelFolder(component);
    context.print(`export: ${component.folder}`);
  }
  await writeJson(join(TINY_MODEL_FOLDER, 'scheduler', 'scheduler_config.json'), SCHEDULER_CONFIG);
  await writeJson(join(TINY_MODEL_FOLDER, 'model_index.json'), MODEL_INDEX);
  await writeJson(join(CLIP_FOLDER, 'preprocessor_config.json'), PREPROCESSOR_CONFIG);
  for (const folder of [join(TINY_MODEL_FOLDER, 'tokenizer'), CLIP_FOLDER]) await copyTokenizer(context, folder);
  if (await exists(join(stageFolder(context, 'recogniser'), 'model.safetensors'))) {
    await writeRecogniser(RECOGNISER_FOLDER, await weightsOf(context, 'recogniser'), 'F16');
    context.print(`export: ${RECOGNISER_FOLDER}`);
  } else {
    context.print("export: no recogniser, 'npm run pretrain -- recogniser' has not been run to its end");
  }
  return { finished: true };
};

const MODEL_INDEX = {
  _class_name: 'StableDiffusionPipeline',
  _diffusers_version: '0.32.0',
  feature_extractor: [null, null],
  image_encoder: [null, null],
  requires_safety_checker: false,
  safety_checker: [null, null],
  scheduler: ['diffusers', SCHEDULER_CONFIG._class_name],
  text_encoder: ['transformers', 'CLIPTextModel'],
  tokenizer: ['transformers', 'CLIPTokenizer'],
  unet: ['diffusers', 'UNet2DConditionModel'],
  vae: ['diffusers', 'AutoencoderKL'],
};

interface ModelFolder {
  readonly folder: string;
  readonly file: string;
  readonly config: object;
  readonly weights: ParameterValues;
}

async function writeModelFolder({ folder, file, config, weights }: ModelFolder): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, file), weights, { dtype: 'F16', metadata: { format: 'pt' } });
  await writeJson(join(folder, 'config.json'), config);
}

async function weightsOf(context: StageContext, stage: StageName): Promise<ParameterValues> {
  const path = await requireFile(join(stageFolder(context, stage), 'model.safetensors'), stage);
  return (await readSafetensors(path)).tensors;
}

async function copyTokenizer(context: StageContext, target: string): Promise<void> {
  const source = stageFolder(context, 'tokenizer');
  await mkdir(target, { recursive: true });
  for (const name of await readdir(source)) await copyFile(join(source, name), join(target, name));
}
