/**
 * Infers the configs of a single-file checkpoint, because the file format contains no configs. Sizes come from the
 * tensor names and shapes in the header; all other values are those of Stable Diffusion 1.x. Reads no weights.
 */

import type { Shape } from '@heed/autodiff';
import { type ClipTextConfig, parseClipTextConfig } from '../../configs/clip-config.ts';
import { parseUnetConfig, type UnetConfig } from '../../configs/unet-config.ts';
import { parseVaeConfig, type VaeConfig, vaeScale } from '../../configs/vae-config.ts';
import { InputError } from '../../errors.ts';
import { quote } from '../../safetensors/header-json.ts';
import { PREFIXES, type SingleFilePart } from './original-names.ts';

/**
 * Attention heads of Stable Diffusion 1.x: eight heads at every level of the U-Net, and heads of size 64 in the text
 * encoder.
 */
const UNET_HEADS = 8;
const TEXT_HEAD_SIZE = 64;
/**
 * Side of the model's latents, assumed if the file states no picture size. A model whose VAE downsamples less was made
 * for smaller pictures.
 */
const LATENTS = 64;
const PIXELS = 512;

/**
 * Gives the shapes of one network's tensors by original name, without the prefix. `of` throws when the tensor is
 * missing or has another rank.
 */
interface Part {
  has(name: string): boolean;
  of(name: string, rank: number): Shape;
}

/**
 * Infers the three configs from the tensors' names and shapes. `side` is the size of the model's pictures in pixels,
 * where the file states the size; otherwise the U-Net's latents are 64 x 64. Throws an InputError that names the file
 * and the needed tensor.
 */
export function inferConfigs(
  shapes: ReadonlyMap<string, Shape>,
  source: string,
  { side }: { side?: number | undefined } = {},
): { unet: UnetConfig; vae: VaeConfig; textEncoder: ClipTextConfig } {
  const part = (name: SingleFilePart): Part => ({
    has: (tensor) => shapes.has(PREFIXES[name] + tensor),
    of(tensor, rank) {
      const shape = shapes.get(PREFIXES[name] + tensor);
      if (shape?.length === rank) return shape;
      throw new InputError(
        `${source}: expected a tensor ${quote(PREFIXES[name] + tensor)} of ${rank} axes, as Stable Diffusion 1.x has it, got ${shape === undefined ? 'none' : `[${shape.join(', ')}]`}`,
      );
    },
  });
  const vae = inferVae(part('vae'), source);
  const sampleSize = side === undefined ? LATENTS : side / vaeScale(vae);
  return {
    unet: inferUnet(part('unet'), Number.isInteger(sampleSize) ? sampleSize : LATENTS, source),
    vae,
    textEncoder: inferTextEncoder(part('textEncoder'), source),
  };
}

function inferUnet(unet: Part, sampleSize: number, source: string): UnetConfig {
  const [, inChannels] = unet.of('input_blocks.0.0.weight', 4);
  const levels: { channels: number; layers: number; attends: boolean }[] = [];
  let attention: string | undefined;
  let level = { channels: 0, layers: 0, attends: false };
  for (let index = 1; ; index++) {
    const block = `input_blocks.${index}`;
    if (unet.has(`${block}.0.in_layers.2.weight`)) {
      level.channels = unet.of(`${block}.0.in_layers.2.weight`, 4)[0]!;
      level.layers++;
      level.attends = unet.has(`${block}.1.norm.weight`);
      if (level.attends) attention ??= `${block}.1`;
      continue;
    }
    levels.push(level);
    level = { channels: 0, layers: 0, attends: false };
    if (!unet.has(`${block}.0.op.weight`)) break;
  }
  const hasMiddle = unet.has('middle_block.0.in_layers.2.weight');
  if (hasMiddle) attention ??= 'middle_block.1';
  if (attention === undefined || levels[0]!.layers === 0) unet.of('input_blocks.1.1.norm.weight', 1);
  const [, textSize] = unet.of(`${attention}.transformer_blocks.0.attn2.to_k.weight`, 2);
  let transformerLayers = 1;
  while (unet.has(`${attention}.transformer_blocks.${transformerLayers}.norm1.weight`)) transformerLayers++;
  const layers = levels.map((one) => one.layers);
  let firstOutput = 0;
  const upAttends = levels.toReversed().map((one) => {
    const attends = unet.has(`output_blocks.${firstOutput}.1.norm.weight`);
    firstOutput += one.layers + 1;
    return attends;
  });
  return parseUnetConfig(
    {
      sample_size: sampleSize,
      in_channels: inChannels,
      out_channels: unet.of('out.2.weight', 4)[0],
      block_out_channels: levels.map(({ channels }) => channels),
      down_block_types: levels.map(({ attends }) => (attends ? 'CrossAttnDownBlock2D' : 'DownBlock2D')),
      up_block_types: upAttends.map((attends) => (attends ? 'CrossAttnUpBlock2D' : 'UpBlock2D')),
      mid_block_type: hasMiddle ? 'UNetMidBlock2DCrossAttn' : null,
      layers_per_block: layers.every((count) => count === layers[0]) ? layers[0] : layers,
      transformer_layers_per_block: transformerLayers,
      cross_attention_dim: textSize,
      attention_head_dim: UNET_HEADS,
      use_linear_projection: unet.has(`${attention}.proj_in.weight`)
        ? shapeRank(unet, `${attention}.proj_in.weight`) === 2
        : false,
    },
    `${source}: U-Net`,
  );
}

/** Rank of a weight: 2 for a linear layer, else 4. */
function shapeRank(part: Part, name: string): number {
  try {
    return part.of(name, 2).length;
  } catch {
    return part.of(name, 4).length;
  }
}

function inferVae(vae: Part, source: string): VaeConfig {
  const channels: number[] = [];
  while (vae.has(`encoder.down.${channels.length}.block.0.conv1.weight`)) {
    channels.push(vae.of(`encoder.down.${channels.length}.block.0.conv1.weight`, 4)[0]!);
  }
  if (channels.length === 0) vae.of('encoder.down.0.block.0.conv1.weight', 4);
  let layers = 0;
  while (vae.has(`encoder.down.0.block.${layers}.conv1.weight`)) layers++;
  return parseVaeConfig(
    {
      block_out_channels: channels,
      down_block_types: channels.map(() => 'DownEncoderBlock2D'),
      up_block_types: channels.map(() => 'UpDecoderBlock2D'),
      in_channels: vae.of('encoder.conv_in.weight', 4)[1],
      out_channels: vae.of('decoder.conv_out.weight', 4)[0],
      latent_channels: vae.of('decoder.conv_in.weight', 4)[1],
      layers_per_block: layers,
      mid_block_add_attention: vae.has('encoder.mid.attn_1.q.weight'),
      sample_size: PIXELS,
    },
    `${source}: VAE`,
  );
}

function inferTextEncoder(text: Part, source: string): ClipTextConfig {
  const [vocabSize, size] = text.of('text_model.embeddings.token_embedding.weight', 2) as [number, number];
  let layers = 0;
  while (text.has(`text_model.encoder.layers.${layers}.mlp.fc1.weight`)) layers++;
  if (layers === 0) text.of('text_model.encoder.layers.0.mlp.fc1.weight', 2);
  if (size % TEXT_HEAD_SIZE !== 0) {
    throw new InputError(
      `${source}: tensor ${quote(`${PREFIXES.textEncoder}text_model.embeddings.token_embedding.weight`)}: expected a multiple of ${TEXT_HEAD_SIZE} columns, as CLIP has them, got ${size}`,
    );
  }
  return parseClipTextConfig(
    {
      vocab_size: vocabSize,
      hidden_size: size,
      intermediate_size: text.of('text_model.encoder.layers.0.mlp.fc1.weight', 2)[0],
      num_hidden_layers: layers,
      num_attention_heads: size / TEXT_HEAD_SIZE,
      max_position_embeddings: text.of('text_model.embeddings.position_embedding.weight', 2)[0],
      projection_dim: size,
      hidden_act: 'quick_gelu',
      bos_token_id: 0,
      eos_token_id: 2,
      pad_token_id: 1,
    },
    `${source}: text encoder`,
  );
}
