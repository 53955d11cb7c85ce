/**
 * Components and a whole model with random weights, as small as they can be, for tests of files and transfers. The
 * models draw only noise.
 */
import { createRandom, initializeParameters } from '@heed/autodiff';
import { COMPONENT_KINDS, type ComponentConfigs, type ComponentName } from '../checkpoint/component-kinds.ts';
import { parseClipTextConfig } from '../configs/clip-config.ts';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig } from '../configs/vae-config.ts';
import type { ModelComponent, StableDiffusionComponents } from '../pipeline/components.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { trainBytePairTokenizer } from '../tokenizer/train-byte-pair-tokenizer.ts';

/** A component of that config with initial weights, the same at every call. */
export function randomComponent<Name extends ComponentName>(
  name: Name,
  config: ComponentConfigs[Name],
): ModelComponent<ComponentConfigs[Name]> {
  const specs = COMPONENT_KINDS[name].parameters(config);
  return { config, parameters: initializeParameters(specs, createRandom(name.length)) };
}

/** A Stable Diffusion model of some thousand weights. */
export function tinyModel(): StableDiffusionComponents {
  return {
    unet: randomComponent(
      'unet',
      parseUnetConfig({
        block_out_channels: [8, 16],
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
        up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
        layers_per_block: 1,
        cross_attention_dim: 8,
        attention_head_dim: 2,
        norm_num_groups: 4,
      }),
    ),
    vae: randomComponent('vae', parseVaeConfig({ block_out_channels: [8], norm_num_groups: 4 })),
    textEncoder: randomComponent(
      'textEncoder',
      parseClipTextConfig({
        vocab_size: 520,
        hidden_size: 8,
        intermediate_size: 16,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        max_position_embeddings: 8,
      }),
    ),
    tokenizer: createTokenizer(trainBytePairTokenizer(['two dogs', 'two dogs'], { vocabSize: 520, maxLength: 8 })),
    scheduler: parseSchedulerConfig({ _class_name: 'PNDMScheduler', beta_schedule: 'scaled_linear' }),
  };
}
