/**
 * Writes a Stable Diffusion 1.5 of true size with random weights, as a diffusers folder, and beside it a CLIP ViT-L/14
 * as a transformers folder: `npx tsx tools/write-random-model.ts FOLDER`. What such a model draws is noise; its size,
 * speed and memory are the real one's (docs/full-size.md). The shapes are those of the published configs.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  COMPONENT_KINDS,
  type ComponentConfigs,
  type ComponentName,
  clipTokenizer,
  type FloatType,
  type ModelComponent,
  parseClipConfig,
  parseClipTextConfig,
  parseImageProcessorConfig,
  parseSchedulerConfig,
  parseUnetConfig,
  parseVaeConfig,
  saveClipFolder,
  saveModelFolder,
} from '@heed/diffusion';
import { createRandom, elementCount, initializeParameters } from '@heed/diffusion/autodiff';

const USAGE = `npx tsx tools/write-random-model.ts FOLDER [--dtype F16|F32] [--seed N] [--only model|clip]

Writes FOLDER/model (Stable Diffusion 1.5, 2.1 GB in F16) and FOLDER/clip (CLIP ViT-L/14, 0.9 GB).`;

const text = { hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12, projection_dim: 768 };
const CONFIGS: Pick<ComponentConfigs, 'unet' | 'vae' | 'textEncoder' | 'clip'> = {
  // 859.52 million parameters; eight heads at every level.
  unet: parseUnetConfig({ sample_size: 64, cross_attention_dim: 768, attention_head_dim: 8 }),
  vae: parseVaeConfig({
    block_out_channels: [128, 256, 512, 512],
    down_block_types: new Array<string>(4).fill('DownEncoderBlock2D'),
    up_block_types: new Array<string>(4).fill('UpDecoderBlock2D'),
    layers_per_block: 2,
    sample_size: 512,
  }),
  textEncoder: parseClipTextConfig(text),
  clip: parseClipConfig({
    projection_dim: 768,
    text_config: text,
    vision_config: {
      hidden_size: 1024,
      intermediate_size: 4096,
      num_hidden_layers: 24,
      num_attention_heads: 16,
      patch_size: 14,
      projection_dim: 768,
    },
  }),
};

const SCHEDULER = parseSchedulerConfig({
  _class_name: 'PNDMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
});

function randomComponent<Name extends keyof typeof CONFIGS & ComponentName>(
  name: Name,
  seed: number,
): ModelComponent<ComponentConfigs[Name]> {
  const config: ComponentConfigs[Name] = CONFIGS[name];
  const specs = COMPONENT_KINDS[name].parameters(config).map((spec) => {
    const startsAtZero = spec.init.kind === 'constant' && spec.init.value === 0 && spec.shape.length > 1;
    // A layer of zeros would cut the network in two; what a trained one has there is no zero either.
    const bound = 1 / Math.sqrt(elementCount(spec.shape.slice(1)));
    return startsAtZero ? { ...spec, init: { kind: 'uniform' as const, bound } } : spec;
  });
  return { config, parameters: initializeParameters(specs, createRandom(seed).fork(name)) };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      dtype: { type: 'string', default: 'F16' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  });
  const [folder] = positionals;
  const { dtype, only } = values;
  const seed = Number(values.seed);
  if (folder === undefined || positionals.length > 1) throw new Error(USAGE);
  if (dtype !== 'F16' && dtype !== 'F32') throw new Error(`--dtype: expected F16 or F32, got ${dtype}`);
  if (!Number.isInteger(seed)) throw new Error(`--seed: expected a whole number, got ${values.seed}`);
  if (only !== undefined && only !== 'model' && only !== 'clip')
    throw new Error(`--only: expected model or clip, got ${only}`);
  const options = { dtype: dtype as FloatType, overwrite: true };
  const tokenizer = await clipTokenizer();
  if (only !== 'clip') {
    const model = join(folder, 'model');
    await saveModelFolder(
      model,
      {
        unet: randomComponent('unet', seed),
        vae: randomComponent('vae', seed),
        textEncoder: randomComponent('textEncoder', seed),
        tokenizer,
        scheduler: SCHEDULER,
      },
      options,
    );
    console.log(model);
  }
  if (only !== 'model') {
    const clip = join(folder, 'clip');
    const imageProcessor = parseImageProcessorConfig({});
    await saveClipFolder(clip, { clip: randomComponent('clip', seed), tokenizer, imageProcessor }, options);
    console.log(clip);
  }
}

try {
  await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
