/**
 * The kinds of networks in a checkpoint: for each network the folder and file names in diffusers and transformers, the
 * config's parser, and the tensors.
 */
import { describeParameters, input, type ParameterSpec } from '@heed/autodiff';
import {
  type ClipConfig,
  type ClipTextConfig,
  clipConfigJson,
  parseClipConfig,
  parseClipTextConfig,
} from '../configs/clip-config.ts';
import { parseUnetConfig, type UnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig, type VaeConfig, vaeScale } from '../configs/vae-config.ts';
import { clip } from '../models/clip.ts';
import { clipText } from '../models/clip-text.ts';
import { unet } from '../models/unet/unet.ts';
import { vaeDecode, vaeEncode } from '../models/vae.ts';

export interface ComponentConfigs {
  unet: UnetConfig;
  vae: VaeConfig;
  textEncoder: ClipTextConfig;
  clip: ClipConfig;
}

export type ComponentName = keyof ComponentConfigs;

export interface ComponentKind<Config> {
  /** The network's subfolder in a model folder; `.` for CLIP, which has its own model folder. */
  readonly folder: string;
  /** File name of the safetensors weights, without extension. */
  readonly weights: string;
  /** File name of the PyTorch weights, without extension. */
  readonly torchWeights: string;
  /** The library in `model_index.json`. */
  readonly library: 'diffusers' | 'transformers';
  readonly className: string;
  /** Further keys of `config.json` that diffusers or transformers need and the network's config lacks. */
  readonly configHeader: Readonly<Record<string, unknown>>;
  parse(json: unknown, source: string): Config;
  /** Converts the config to the form of `config.json`; unchanged by default. */
  configJson?(config: Config): object;
  /** Every tensor of the network, by its name in the file. */
  parameters(config: Config): ParameterSpec[];
}

export const COMPONENT_KINDS: { readonly [Name in ComponentName]: ComponentKind<ComponentConfigs[Name]> } = {
  unet: {
    folder: 'unet',
    weights: 'diffusion_pytorch_model',
    torchWeights: 'diffusion_pytorch_model',
    library: 'diffusers',
    className: 'UNet2DConditionModel',
    configHeader: { _class_name: 'UNet2DConditionModel' },
    parse: parseUnetConfig,
    parameters(config) {
      const side = 2 ** (config.block_out_channels.length - 1);
      return describeParameters((p) =>
        unet(p, config, {
          sample: input('sample', [1, config.in_channels, side, side]),
          timestep: input('timestep', [1]),
          encoderHiddenStates: input('encoderHiddenStates', [1, 1, config.cross_attention_dim]),
        }),
      );
    },
  },
  vae: {
    folder: 'vae',
    weights: 'diffusion_pytorch_model',
    torchWeights: 'diffusion_pytorch_model',
    library: 'diffusers',
    className: 'AutoencoderKL',
    configHeader: { _class_name: 'AutoencoderKL' },
    parse: parseVaeConfig,
    parameters(config) {
      const side = vaeScale(config);
      return describeParameters((p) => {
        const { mean } = vaeEncode(p, config, { pixels: input('pixels', [1, config.in_channels, side, side]) });
        return vaeDecode(p, config, { latents: mean });
      });
    },
  },
  textEncoder: {
    folder: 'text_encoder',
    weights: 'model',
    torchWeights: 'pytorch_model',
    library: 'transformers',
    className: 'CLIPTextModel',
    configHeader: { architectures: ['CLIPTextModel'], model_type: 'clip_text_model' },
    parse: parseClipTextConfig,
    configJson: clipConfigJson,
    parameters: (config) => describeParameters((p) => clipText(p, config, textInputs())),
  },
  clip: {
    folder: '.',
    weights: 'model',
    torchWeights: 'pytorch_model',
    library: 'transformers',
    className: 'CLIPModel',
    configHeader: { architectures: ['CLIPModel'], model_type: 'clip' },
    parse: parseClipConfig,
    configJson: clipConfigJson,
    parameters(config) {
      const { num_channels: channels, image_size: side } = config.vision_config;
      const pixelValues = input('pixelValues', [1, channels, side, side]);
      return describeParameters((p) => clip(p, config, { ...textInputs(), pixelValues }));
    },
  },
};

function textInputs() {
  return { inputIds: input('inputIds', [1, 1], 'int64'), eosIndex: input('eosIndex', [1], 'int64') };
}
