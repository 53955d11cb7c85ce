import { describeParameters, elementCount, input, type ParameterSpec } from '@heed/autodiff';
import { expect, test } from 'vitest';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig } from '../configs/vae-config.ts';
import { clip } from './clip.ts';
import { unet } from './unet/unet.ts';
import { vaeDecode, vaeEncode } from './vae.ts';

const total = (specs: ParameterSpec[]) => specs.reduce((sum, { shape }) => sum + elementCount(shape), 0);
const shapes = (specs: ParameterSpec[]) => new Map(specs.map(({ name, shape }) => [name, shape]));

function unetParameters(json: object): ParameterSpec[] {
  const config = parseUnetConfig(json);
  return describeParameters((p) =>
    unet(p, config, {
      sample: input('sample', [1, config.in_channels, 64, 64]),
      timestep: input('timestep', [1]),
      encoderHiddenStates: input('text', [1, 77, config.cross_attention_dim]),
    }),
  );
}

test('Stable Diffusion 1.5 has its 686 U-Net tensors and 859,520,964 parameters', () => {
  const specs = unetParameters({ _class_name: 'UNet2DConditionModel', sample_size: 64, cross_attention_dim: 768 });
  expect(specs).toHaveLength(686);
  expect(total(specs)).toBe(859_520_964);
  const byName = shapes(specs);
  expect(byName.get('down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight')).toEqual([640, 768]);
  expect(byName.get('up_blocks.3.resnets.0.conv_shortcut.weight')).toEqual([320, 960, 1, 1]);
  expect(byName.get('mid_block.attentions.0.proj_in.weight')).toEqual([1280, 1280, 1, 1]);
});

test('Stable Diffusion 2.1 projects with linear layers: 865,910,724 parameters', () => {
  const specs = unetParameters({
    cross_attention_dim: 1024,
    attention_head_dim: [5, 10, 20, 20],
    use_linear_projection: true,
    dual_cross_attention: false,
  });
  expect(total(specs)).toBe(865_910_724);
  expect(shapes(specs).get('mid_block.attentions.0.proj_in.weight')).toEqual([1280, 1280]);
});

test("Stable Diffusion's VAE has 83,653,863 parameters", () => {
  const config = parseVaeConfig({
    block_out_channels: [128, 256, 512, 512],
    down_block_types: Array(4).fill('DownEncoderBlock2D'),
    up_block_types: Array(4).fill('UpDecoderBlock2D'),
    layers_per_block: 2,
  });
  const specs = describeParameters((p) => {
    const { mean } = vaeEncode(p, config, { pixels: input('pixels', [1, 3, 64, 64]) });
    expect(mean.shape).toEqual([1, 4, 8, 8]);
    expect(vaeDecode(p, config, { latents: mean }).shape).toEqual([1, 3, 64, 64]);
  });
  expect(specs).toHaveLength(248);
  expect(total(specs)).toBe(83_653_863);
});

test('CLIP ViT-L/14 has 427,616,513 parameters', () => {
  const config = parseClipConfig({
    model_type: 'clip',
    projection_dim: 768,
    text_config: { hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12 },
    vision_config: {
      hidden_size: 1024,
      intermediate_size: 4096,
      num_hidden_layers: 24,
      num_attention_heads: 16,
      patch_size: 14,
    },
  });
  const specs = describeParameters((p) => {
    const outputs = clip(p, config, {
      inputIds: input('inputIds', [2, 77], 'int64'),
      eosIndex: input('eosIndex', [2], 'int64'),
      pixelValues: input('pixelValues', [3, 3, 224, 224]),
    });
    expect(outputs.textEmbeds.shape).toEqual([2, 768]);
    expect(outputs.imageEmbeds.shape).toEqual([3, 768]);
  });
  expect(total(specs)).toBe(427_616_513);
  expect(shapes(specs).get('vision_model.pre_layrnorm.weight')).toEqual([1024]);
});
