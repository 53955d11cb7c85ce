import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elementCount, type ParameterValues } from '@heed/autodiff';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseClipTextConfig } from '../../configs/clip-config.ts';
import { parseSchedulerConfig } from '../../configs/scheduler-config.ts';
import { parseUnetConfig } from '../../configs/unet-config.ts';
import { parseVaeConfig } from '../../configs/vae-config.ts';
import type { StableDiffusionComponents } from '../../pipeline/components.ts';
import { readSafetensors, readSafetensorsHeader } from '../../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../../safetensors/write-safetensors.ts';
import { randomComponent } from '../../testing/random-model.ts';
import { createTokenizer } from '../../tokenizer/tokenizer.ts';
import { trainBytePairTokenizer } from '../../tokenizer/train-byte-pair-tokenizer.ts';
import { COMPONENT_KINDS } from '../component-kinds.ts';
import { loadModel } from '../model.ts';
import { clipTokenizer } from './clip-vocabulary.ts';
import { inferConfigs } from './infer-configs.ts';
import { originalUnetName, originalVaeName, PREFIXES } from './original-names.ts';
import { saveCheckpointFile } from './save-checkpoint-file.ts';
import { loadCheckpointFile, readCheckpointConfigs } from './single-file.ts';

let root: string;
let pristine: string;
let model: StableDiffusionComponents;
let tensors: ParameterValues;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-single-file-'));
  pristine = join(root, 'pristine.safetensors');
  const tokenizer = await clipTokenizer();
  model = {
    unet: randomComponent(
      'unet',
      parseUnetConfig({
        sample_size: 64,
        block_out_channels: [32, 64, 64],
        down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D', 'CrossAttnDownBlock2D'],
        up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D', 'CrossAttnUpBlock2D'],
        layers_per_block: [1, 2, 1],
        transformer_layers_per_block: 2,
        cross_attention_dim: 64,
      }),
    ),
    vae: randomComponent(
      'vae',
      parseVaeConfig({
        block_out_channels: [32, 64],
        down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D'],
        up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D'],
        layers_per_block: 2,
        sample_size: 512,
      }),
    ),
    textEncoder: randomComponent(
      'textEncoder',
      parseClipTextConfig({
        vocab_size: tokenizer.vocabSize,
        hidden_size: 64,
        intermediate_size: 80,
        num_hidden_layers: 2,
        num_attention_heads: 1,
        projection_dim: 64,
        max_position_embeddings: 77,
      }),
    ),
    tokenizer,
    scheduler: parseSchedulerConfig({
      _class_name: 'PNDMScheduler',
      beta_schedule: 'scaled_linear',
      beta_start: 0.00085,
      beta_end: 0.012,
      steps_offset: 1,
      set_alpha_to_one: false,
    }),
  };
  await saveCheckpointFile(pristine, model, { dtype: 'F32' });
  tensors = new Map((await readSafetensors(pristine)).tensors);
});
afterAll(() => rm(root, { recursive: true }));

function expectSame(actual: ParameterValues, expected: ParameterValues, relative = 0): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { shape, data }] of actual) {
    const wanted = expected.get(name)!;
    expect([name, shape]).toEqual([name, wanted.shape]);
    const wrong = data.findIndex((x, i) => Math.abs(x - wanted.data[i]!) > relative * Math.abs(x) + relative / 1000);
    expect([name, wrong]).toEqual([name, -1]);
  }
}

describe('a single file in the original layout', () => {
  test.each([
    { dtype: 'F32', relative: 0 },
    { dtype: 'F16', relative: 2 ** -10 },
    { dtype: 'BF16', relative: 2 ** -7 },
  ] as const)('survives a round trip in $dtype, configs and all', async ({ dtype, relative }) => {
    const path = join(root, `${dtype}.safetensors`);
    await saveCheckpointFile(path, model, { dtype });
    const loaded = await loadModel(path);
    for (const name of ['unet', 'vae', 'textEncoder'] as const) {
      expectSame(loaded[name].parameters, model[name].parameters, relative);
      for (const [key, value] of Object.entries(model[name].config)) {
        if (!/eos|bos|pad/.test(key)) expect([key, loaded[name].config[key as never]]).toEqual([key, value]);
      }
    }
    expect(loaded.scheduler).toMatchObject(model.scheduler);
  });

  test('spells what it is, and leaves alone what is there', async () => {
    const { metadata, entries } = await readSafetensorsHeader(pristine);
    expect(metadata).toMatchObject({
      format: 'pt',
      'modelspec.sai_model_spec': '1.0.1',
      'modelspec.architecture': 'stable-diffusion-v1',
      'modelspec.resolution': '128x128',
    });
    expect(entries.get('first_stage_model.decoder.mid.attn_1.q.weight')?.shape).toEqual([64, 64, 1, 1]);
    await expect(saveCheckpointFile(pristine, model)).rejects.toThrow(/expected a file that does not exist yet/);
    const tiny = createTokenizer(trainBytePairTokenizer(['two dogs'], { vocabSize: 520, maxLength: 8 }));
    await expect(saveCheckpointFile(join(root, 'tiny.safetensors'), { ...model, tokenizer: tiny })).rejects.toThrow(
      /tiny.safetensors: expected a model with CLIP's own 49408 tokens, .* got one with 51\d/,
    );
  });

  test('keeps what the network predicts, from pure noise on, and the size of its pictures', async () => {
    const path = join(root, 'velocity.safetensors');
    const scheduler = parseSchedulerConfig({
      ...model.scheduler,
      prediction_type: 'v_prediction',
      rescale_betas_zero_snr: true,
      timestep_spacing: 'trailing',
    });
    const unet = { ...model.unet, config: { ...model.unet.config, sample_size: 24 } };
    await saveCheckpointFile(path, { ...model, unet, scheduler });
    const { entries, metadata } = await readSafetensorsHeader(path);
    expect([entries.get('v_pred')?.shape, entries.get('ztsnr')?.shape]).toEqual([[0], [0]]);
    expect(metadata).toMatchObject({ 'modelspec.prediction_type': 'v', 'modelspec.resolution': '48x48' });
    const loaded = await loadModel(path);
    expect(loaded.scheduler).toEqual(scheduler);
    expect(loaded.unet.config.sample_size).toBe(24);
    expect((await readCheckpointConfigs(path)).scheduler).toEqual(scheduler);
  });

  test('names added tokens that it has no place for, and leaves out rows without a token', async () => {
    const path = join(root, 'tokens.safetensors');
    const added = { content: '<cat-toy>', id: 49_408, normalized: true, lstrip: false, rstrip: false, special: false };
    const tokenizer = createTokenizer({ ...model.tokenizer.files, addedTokens: [added] });
    const name = 'text_model.embeddings.token_embedding.weight';
    const { data } = model.textEncoder.parameters.get(name)!;
    const longer = new Float32Array(49_472 * 64);
    longer.set(data);
    const textEncoder = {
      config: { ...model.textEncoder.config, vocab_size: 49_472 },
      parameters: new Map(model.textEncoder.parameters).set(name, { shape: [49_472, 64], data: longer }),
    };
    await expect(saveCheckpointFile(path, { ...model, textEncoder, tokenizer })).rejects.toThrow(
      /tokens.safetensors: expected a model without added tokens, .* got 1: <cat-toy> \(a diffusers folder holds them\)/,
    );
    await saveCheckpointFile(path, { ...model, textEncoder }, { dtype: 'F32' });
    expect((await loadModel(path)).textEncoder.parameters.get(name)).toEqual({ shape: [49_408, 64], data });
  });

  test.each<[string, (m: StableDiffusionComponents) => StableDiffusionComponents, RegExp]>([
    [
      'another number of heads',
      (m) => ({ ...m, unet: { ...m.unet, config: { ...m.unet.config, attention_head_dim: 4 } } }),
      /expected attention heads \[8,8,8\] in the U-Net, since a single file has no place for another, got \[4,4,4\]/,
    ],
    [
      'another scaling factor',
      (m) => ({ ...m, vae: { ...m.vae, config: { ...m.vae.config, scaling_factor: 0.13025 } } }),
      /expected scaling_factor 0.18215 in the VAE, .* got 0.13025/,
    ],
    [
      'another activation',
      (m) => ({ ...m, textEncoder: { ...m.textEncoder, config: { ...m.textEncoder.config, hidden_act: 'gelu' } } }),
      /expected hidden_act "quick_gelu" in the text encoder, .* got "gelu"/,
    ],
  ])('is not written for a model that programs would draw wrongly: %s', async (_, change, message) => {
    const path = join(root, 'other.safetensors');
    await expect(saveCheckpointFile(path, change(model))).rejects.toThrow(message);
    expect(await readdir(root)).not.toContain('other.safetensors');
  });

  test('is read with what training tools leave in it', async () => {
    const path = join(root, 'crowded.safetensors');
    const one = { shape: [1], data: Float32Array.of(1) };
    const crowded: ParameterValues = new Map(tensors)
      .set('model_ema.decay', one)
      .set('betas', one)
      .set('first_stage_model.loss.logvar', one)
      .set('cond_stage_model.transformer.text_model.embeddings.position_ids', one);
    for (const [name, value] of [...crowded]) {
      if (!name.startsWith('cond_stage_model.transformer.text_model.encoder')) continue;
      crowded.delete(name);
      crowded.set(name.replace('.text_model', ''), value);
    }
    await writeSafetensors(path, crowded, { dtype: 'F32' });
    expectSame((await loadCheckpointFile(path)).textEncoder.parameters, model.textEncoder.parameters);
  });

  test('takes a U-Net in training in place of its own', async () => {
    const unetParameters = model.unet.parameters;
    expect((await loadModel(pristine, { unetParameters })).unet.parameters).toBe(unetParameters);
    const wrong = new Map(unetParameters).set('conv_in.bias', { shape: [9], data: new Float32Array(9) });
    await expect(loadModel(pristine, { unetParameters: wrong })).rejects.toThrow(/"conv_in.bias": expected \[32\]/);
  });
});

test("the true Stable Diffusion 1.5, by its header alone, has that model's configs", async () => {
  const unet = parseUnetConfig({ cross_attention_dim: 768, sample_size: 64 });
  const vae = parseVaeConfig({
    block_out_channels: [128, 256, 512, 512],
    down_block_types: Array.from({ length: 4 }, () => 'DownEncoderBlock2D'),
    up_block_types: Array.from({ length: 4 }, () => 'UpDecoderBlock2D'),
    layers_per_block: 2,
    sample_size: 512,
  });
  const textEncoder = parseClipTextConfig({
    hidden_size: 768,
    intermediate_size: 3072,
    projection_dim: 768,
    num_attention_heads: 12,
  });
  const names = {
    unet: originalUnetName(unet),
    vae: originalVaeName(vae),
    textEncoder: (name: string) => name,
  };
  const specs = {
    unet: COMPONENT_KINDS.unet.parameters(unet),
    vae: COMPONENT_KINDS.vae.parameters(vae),
    textEncoder: COMPONENT_KINDS.textEncoder.parameters(textEncoder),
  };
  const shapes = new Map<string, readonly number[]>();
  const counts: Record<string, number> = {};
  for (const part of ['unet', 'vae', 'textEncoder'] as const) {
    for (const { name, shape } of specs[part]) {
      shapes.set(PREFIXES[part] + names[part](name), shape);
      counts[part] = (counts[part] ?? 0) + elementCount(shape);
    }
  }
  // Known of the published files.
  expect(counts).toEqual({ unet: 859_520_964, vae: 83_653_863, textEncoder: 123_060_480 });
  expect(shapes.size).toBe(686 + 248 + 196);
  const found = inferConfigs(shapes, 'sd15');
  expect(found.unet).toEqual({ ...unet, attention_head_dim: 8 });
  expect(found.vae).toEqual(vae);
  expect(found.textEncoder).toMatchObject(textEncoder);
});

describe('names', () => {
  // As they stand in v1-5-pruned-emaonly.safetensors: facts of the layout, not of this code.
  const sd15 = parseUnetConfig({ cross_attention_dim: 768, sample_size: 64 });
  test.each([
    ['down_blocks.0.downsamplers.0.conv.weight', 'input_blocks.3.0.op.weight'],
    ['down_blocks.1.resnets.0.conv_shortcut.bias', 'input_blocks.4.0.skip_connection.bias'],
    ['down_blocks.2.attentions.1.proj_in.weight', 'input_blocks.8.1.proj_in.weight'],
    ['down_blocks.3.resnets.1.norm2.weight', 'input_blocks.11.0.out_layers.0.weight'],
    ['mid_block.attentions.0.transformer_blocks.0.norm1.weight', 'middle_block.1.transformer_blocks.0.norm1.weight'],
    ['mid_block.resnets.1.time_emb_proj.bias', 'middle_block.2.emb_layers.1.bias'],
    ['up_blocks.0.upsamplers.0.conv.weight', 'output_blocks.2.1.conv.weight'],
    ['up_blocks.1.upsamplers.0.conv.bias', 'output_blocks.5.2.conv.bias'],
    [
      'up_blocks.3.attentions.2.transformer_blocks.0.attn2.to_out.0.weight',
      'output_blocks.11.1.transformer_blocks.0.attn2.to_out.0.weight',
    ],
    ['time_embedding.linear_2.weight', 'time_embed.2.weight'],
    ['conv_norm_out.weight', 'out.0.weight'],
  ])('of the U-Net: %s', (name, original) => expect(originalUnetName(sd15)(name)).toBe(original));

  const vae = parseVaeConfig({
    block_out_channels: [128, 256, 512, 512],
    down_block_types: Array.from({ length: 4 }, () => 'DownEncoderBlock2D'),
    up_block_types: Array.from({ length: 4 }, () => 'UpDecoderBlock2D'),
  });
  test.each([
    ['encoder.down_blocks.2.resnets.0.conv_shortcut.weight', 'encoder.down.2.block.0.nin_shortcut.weight'],
    ['decoder.up_blocks.0.upsamplers.0.conv.weight', 'decoder.up.3.upsample.conv.weight'],
    ['decoder.up_blocks.3.resnets.2.norm1.bias', 'decoder.up.0.block.2.norm1.bias'],
    ['decoder.mid_block.attentions.0.to_out.0.bias', 'decoder.mid.attn_1.proj_out.bias'],
    ['decoder.mid_block.attentions.0.group_norm.weight', 'decoder.mid.attn_1.norm.weight'],
    ['post_quant_conv.weight', 'post_quant_conv.weight'],
  ])('of the VAE: %s', (name, original) => expect(originalVaeName(vae)(name)).toBe(original));
});

describe('what is no such file', () => {
  const cases: [what: string, change: (t: ParameterValues) => void, expected: RegExp][] = [
    ['no VAE', (t) => removePrefix(t, 'first_stage_model.'), /got no tensor that begins with "first_stage_model\."$/],
    [
      'Stable Diffusion XL',
      (t) => renamePrefix(t, 'cond_stage_model.', 'conditioner.embedders.0.'),
      /got a Stable Diffusion XL checkpoint: tensor "conditioner\.embedders\.0\./,
    ],
    [
      'Stable Diffusion 3',
      (t) => {
        removePrefix(t, 'cond_stage_model.');
        t.set('model.diffusion_model.joint_blocks.0.x.weight', scalar);
      },
      /got a Stable Diffusion 3 checkpoint: tensor "model\.diffusion_model\.joint_blocks/,
    ],
    [
      'Stable Diffusion 2',
      (t) => {
        removePrefix(t, 'cond_stage_model.');
        t.set('cond_stage_model.model.transformer.resblocks.0.ln_1.bias', scalar);
      },
      /got a Stable Diffusion 2.x checkpoint, .*: tensor "cond_stage_model\.model/,
    ],
    [
      'a LoRA',
      (t) => {
        t.clear();
        t.set('lora_unet_mid_block_attentions_0_proj_in.lora_down.weight', scalar);
      },
      /got a LoRA, .*: tensor "lora_unet_mid/,
    ],
    [
      'a tensor of another shape',
      (t) =>
        t.set('model.diffusion_model.middle_block.0.in_layers.2.weight', { shape: [64], data: new Float32Array(64) }),
      /tensor "model\.diffusion_model\.middle_block\.0\.in_layers\.2\.weight": expected \[64, 64, 3, 3\] as the rest of the file says, got \[64\]$/,
    ],
    [
      'a tensor too few',
      (t) => t.delete('model.diffusion_model.out.2.bias'),
      /expected a tensor "model\.diffusion_model\.out\.2\.bias" \[4\] as the rest of the file says, got none$/,
    ],
    [
      'a tensor too many',
      (t) => t.set('first_stage_model.encoder.extra', scalar),
      /got "first_stage_model\.encoder\.extra" \[1\]$/,
    ],
    [
      'an inpainting model',
      (t) =>
        t.set('model.diffusion_model.input_blocks.0.0.weight', {
          shape: [32, 9, 3, 3],
          data: new Float32Array(32 * 81),
        }),
      /input_blocks\.0\.0\.weight": expected 4 input channels .* got 9 \(an inpainting model, .*\)$/,
    ],
    [
      'another vocabulary',
      (t) =>
        t.set('cond_stage_model.transformer.text_model.embeddings.token_embedding.weight', {
          shape: [100, 64],
          data: new Float32Array(6400),
        }),
      /token_embedding\.weight": expected 49408 rows, one for each token of the tokenizer, got 100$/,
    ],
  ];
  const scalar = { shape: [1], data: Float32Array.of(1) };

  test.each(cases)('%s', async (_, change, expected) => {
    const path = join(root, 'wrong.safetensors');
    const copy: ParameterValues = new Map(tensors);
    change(copy);
    await writeSafetensors(path, copy, { dtype: 'F16' });
    const started = process.cpuUsage();
    const { message } = await loadModel(path).then(
      () => new Error('was read'),
      (error: Error) => error,
    );
    const { user, system } = process.cpuUsage(started);
    expect(user + system).toBeLessThan(1_000_000); // a second of work, whatever else the machine does
    expect(message).toMatch(expected);
    expect(message.startsWith(`${path}: `)).toBe(true);
    expect(message).not.toContain('\n');
  });

  test.each([
    ['a pickle', '\x80\x02}q', /\.ckpt: expected an opcode of pickle protocol 2 to 5, got byte 0 \(before byte 6\)/],
    ['a torch archive', 'PK\x03\x04', /\.ckpt: expected a zip archive that ends with its directory/],
  ])('%s', async (_, magic, expected) => {
    const path = join(root, 'old.ckpt');
    await writeFile(path, Buffer.concat([Buffer.from(magic, 'latin1'), Buffer.alloc(64)]));
    await expect(loadModel(path)).rejects.toThrow(expected);
    expect(await readdir(root)).toContain('old.ckpt');
  });
});

function removePrefix(tensors: ParameterValues, prefix: string): void {
  for (const name of [...tensors.keys()]) if (name.startsWith(prefix)) tensors.delete(name);
}

function renamePrefix(tensors: ParameterValues, from: string, to: string): void {
  for (const [name, value] of [...tensors]) {
    if (!name.startsWith(from)) continue;
    tensors.delete(name);
    tensors.set(to + name.slice(from.length), value);
  }
}
