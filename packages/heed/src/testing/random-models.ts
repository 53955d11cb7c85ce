/**
 * Models with random weights, small enough for a test to load, sample and train in seconds: real folders in the real
 * formats. What they draw is noise; that they are used as real ones are is the point. For tests alone.
 */
import { join } from 'node:path';
import {
  COMPONENT_KINDS,
  type ComponentConfigs,
  type ComponentName,
  createTokenizer,
  type ModelComponent,
  parseClipConfig,
  parseClipTextConfig,
  parseImageProcessorConfig,
  parseSchedulerConfig,
  parseUnetConfig,
  parseVaeConfig,
  saveClipFolder,
  saveModelFolder,
  trainBytePairTokenizer,
} from '@heed/diffusion';
import { createRandom, initializeParameters } from '@heed/diffusion/autodiff';

const WIDTH = 16;
const VOCABULARY = 600;
const MAX_TOKENS = 24;
const tower = { hidden_size: WIDTH, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 };
const textConfig = { ...tower, vocab_size: VOCABULARY, max_position_embeddings: MAX_TOKENS };

/** Writes `model/` (64 px, latents 4 x 16 x 16) and `clip/` into `folder` and returns their paths. */
export async function writeRandomModels(
  folder: string,
  options: { seed?: number } = {},
): Promise<{ model: string; clip: string }> {
  const { seed = 1 } = options;
  const paths = { model: join(folder, 'model'), clip: join(folder, 'clip') };
  const corpus = ['two dogs.', 'a green colored dog.', 'a dog in the forest.', 'three apples on the table'];
  const tokenizer = createTokenizer(trainBytePairTokenizer(corpus, { vocabSize: 560, maxLength: MAX_TOKENS }));
  await saveModelFolder(paths.model, {
    tokenizer,
    scheduler: parseSchedulerConfig({
      _class_name: 'DDIMScheduler',
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      beta_end: 0.012,
      num_train_timesteps: 1000,
    }),
    textEncoder: randomComponent('textEncoder', parseClipTextConfig(textConfig), seed),
    vae: randomComponent(
      'vae',
      parseVaeConfig({
        block_out_channels: [8, 8, 8],
        down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
        up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
        layers_per_block: 1,
        norm_num_groups: 4,
        mid_block_add_attention: false,
        scaling_factor: 0.5,
      }),
      seed,
    ),
    unet: randomComponent(
      'unet',
      parseUnetConfig({
        sample_size: 16,
        block_out_channels: [8, 16],
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
        up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
        layers_per_block: 1,
        norm_num_groups: 4,
        cross_attention_dim: WIDTH,
        attention_head_dim: 2,
      }),
      seed,
    ),
  });
  await saveClipFolder(paths.clip, {
    tokenizer,
    imageProcessor: parseImageProcessorConfig({
      do_resize: true,
      size: { shortest_edge: 32 },
      do_center_crop: true,
      crop_size: { height: 32, width: 32 },
    }),
    clip: randomComponent(
      'clip',
      parseClipConfig({
        projection_dim: 12,
        text_config: textConfig,
        vision_config: { ...tower, image_size: 32, patch_size: 8 },
      }),
      seed,
    ),
  });
  return paths;
}

/** Weights some way off their initial values, zeros above all, so that everything has an influence. */
function randomComponent<Name extends ComponentName>(
  name: Name,
  config: ComponentConfigs[Name],
  seed: number,
): ModelComponent<ComponentConfigs[Name]> {
  const random = createRandom(seed).fork(name);
  const parameters = initializeParameters(COMPONENT_KINDS[name].parameters(config), random);
  for (const [parameter, { data }] of parameters) {
    if (parameter === 'logit_scale') continue;
    const own = random.fork(`noise ${parameter}`);
    for (let i = 0; i < data.length; i++) data[i] = data[i]! + 0.05 * own.normal();
  }
  return { config, parameters };
}
