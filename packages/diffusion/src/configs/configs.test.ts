import { expect, test } from 'vitest';
import { parseClipConfig, parseClipTextConfig } from './clip-config.ts';
import { parseSchedulerConfig } from './scheduler-config.ts';
import { parseUnetConfig } from './unet-config.ts';
import { parseVaeConfig, vaeScale } from './vae-config.ts';

test('an empty U-Net config is the default architecture of diffusers', () => {
  const config = parseUnetConfig({});
  expect(config.block_out_channels).toEqual([320, 640, 1280, 1280]);
  expect(config.down_block_types.at(-1)).toBe('DownBlock2D');
  expect(config.cross_attention_dim).toBe(1280);
});

test('keys without a meaning here survive', () => {
  expect(parseUnetConfig({ _diffusers_version: '0.6.0', upcast_attention: true })).toMatchObject({
    _diffusers_version: '0.6.0',
    upcast_attention: true,
  });
});

test.each([
  [{ addition_embed_type: 'text_time' }, /^a\.json: .*Stable Diffusion XL, which is not supported$/],
  [{ _class_name: 'UNet3DConditionModel' }, /^a\.json: expected _class_name UNet2DConditionModel, got "UNet3D/],
  [{ class_embed_type: 'timestep' }, /^a\.json: expected class_embed_type null, got "timestep"$/],
  [{ down_block_types: ['AttnDownBlock2D'] }, /^a\.json: key "down_block_types\.0": .*got "AttnDownBlock2D"$/],
  [{ block_out_channels: [32, 64] }, /^a\.json: key "down_block_types": expected 2 blocks.*$/],
  [
    { block_out_channels: [320, 640, 1280, 1000] },
    /^a\.json: key "block_out_channels\.3": .*norm_num_groups 32, got 1000$/,
  ],
  [{ attention_head_dim: [5, 10] }, /^a\.json: key "attention_head_dim": expected 4 numbers.*got \[5,10\]$/],
  ['text', /^a\.json: .*got "text"$/],
])('a U-Net config that cannot be built is refused: %j', (json, message) => {
  expect(() => parseUnetConfig(json, 'a.json')).toThrow(message);
  expect(() => parseUnetConfig(json, 'a.json')).not.toThrow(/\n/);
});

test('VAE configs', () => {
  const blocks = {
    down_block_types: Array(4).fill('DownEncoderBlock2D'),
    up_block_types: Array(4).fill('UpDecoderBlock2D'),
  };
  const config = parseVaeConfig({ ...blocks, block_out_channels: [128, 256, 512, 512] });
  expect(config.scaling_factor).toBe(0.18215);
  expect(vaeScale(config)).toBe(8);
  expect(() => parseVaeConfig({ _class_name: 'VQModel' }, 'vae.json')).toThrow(
    'vae.json: expected _class_name AutoencoderKL, got "VQModel"',
  );
});

test("CLIP: the `_dict` spelling of OpenAI's checkpoints wins, a text config may be the whole model's", () => {
  const json = {
    model_type: 'clip',
    projection_dim: 768,
    text_config: { hidden_size: 512, vocab_size: 7 },
    text_config_dict: { hidden_size: 768 },
    vision_config: { hidden_size: 1024 },
    vision_config_dict: null,
  };
  const config = parseClipConfig(json);
  expect(config.text_config).toMatchObject({ hidden_size: 768, vocab_size: 7, hidden_act: 'quick_gelu' });
  expect(config.vision_config).toMatchObject({ hidden_size: 1024, image_size: 224 });
  expect(parseClipTextConfig(json)).toEqual(config.text_config);
  expect(() => parseClipTextConfig({ model_type: 't5' }, 't.json')).toThrow(
    /^t\.json: expected model_type .* got "t5"$/,
  );
  expect(() => parseClipTextConfig({ hidden_act: 'swiglu' }, 't.json')).toThrow(
    /^t\.json: key "hidden_act": .*got "swiglu"$/,
  );
});

test('scheduler configs', () => {
  const config = parseSchedulerConfig({
    _class_name: 'PNDMScheduler',
    beta_schedule: 'scaled_linear',
    steps_offset: 1,
    trained_betas: null,
  });
  expect(config).toMatchObject({ prediction_type: 'epsilon', num_train_timesteps: 1000, steps_offset: 1 });
  expect(() => parseSchedulerConfig({ prediction_type: 'sample' }, 's.json')).toThrow(
    /^s\.json: key "prediction_type": .*got "sample"$/,
  );
});
