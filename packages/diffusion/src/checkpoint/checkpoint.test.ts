import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseImageProcessorConfig } from '../configs/image-processor-config.ts';
import { parseSchedulerConfig } from '../configs/scheduler-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig } from '../configs/vae-config.ts';
import { InputError } from '../errors.ts';
import type { ClipComponents } from '../pipeline/clip-embedder.ts';
import type { StableDiffusionComponents } from '../pipeline/components.ts';
import { readSafetensors } from '../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import { randomComponent } from '../testing/random-model.ts';
import { createTokenizer } from '../tokenizer/tokenizer.ts';
import { trainBytePairTokenizer } from '../tokenizer/train-byte-pair-tokenizer.ts';
import { loadClipFolder, saveClipFolder } from './clip-folder.ts';
import { loadModelFolder, saveModelFolder } from './model-folder.ts';

const tokenizer = createTokenizer(trainBytePairTokenizer(['two dogs', 'two dogs'], { vocabSize: 520, maxLength: 8 }));
const text = {
  vocab_size: 520,
  hidden_size: 8,
  intermediate_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  projection_dim: 4,
  max_position_embeddings: 8,
};

const clip: ClipComponents = {
  clip: randomComponent(
    'clip',
    parseClipConfig({
      text_config: text,
      vision_config: {
        hidden_size: 8,
        intermediate_size: 16,
        num_hidden_layers: 1,
        num_attention_heads: 2,
        image_size: 8,
        patch_size: 4,
        projection_dim: 4,
      },
      projection_dim: 4,
    }),
  ),
  tokenizer,
  imageProcessor: parseImageProcessorConfig({}, { imageSize: 8 }),
};

const model: StableDiffusionComponents = {
  unet: randomComponent(
    'unet',
    parseUnetConfig({
      sample_size: 4,
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
  textEncoder: randomComponent('textEncoder', clip.clip.config.text_config),
  tokenizer,
  scheduler: parseSchedulerConfig({ _class_name: 'PNDMScheduler', beta_schedule: 'scaled_linear', steps_offset: 1 }),
};

let root: string;
let pristine: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-checkpoint-'));
  pristine = join(root, 'pristine');
  await saveModelFolder(pristine, model, { dtype: 'F32', textFiles: { 'README.md': '# tiny\n' } });
});
afterAll(() => rm(root, { recursive: true }));

/**
 * Equal names and shapes, and numbers within the tolerance. Not `toEqual`, which takes seconds on this many numbers.
 */
function expectSame(actual: ParameterValues, expected: ParameterValues, { relative = 0, absolute = 0 } = {}): void {
  const shapes = (values: ParameterValues) => Object.fromEntries([...values].map(([name, { shape }]) => [name, shape]));
  expect(shapes(actual)).toEqual(shapes(expected));
  for (const [name, { data }] of actual) {
    const wanted = expected.get(name)!.data;
    const wrong = data.findIndex((x, i) => Math.abs(x - wanted[i]!) > relative * Math.abs(x) + absolute);
    expect([name, wrong]).toEqual([name, -1]);
  }
}

let copies = 0;
/** A copy of the model folder, changed by `damage`; gives the message that loading it ends in. */
async function messageAfter(damage: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(root, `copy-${copies++}`);
  await cp(pristine, folder, { recursive: true });
  await damage(folder);
  const error = await loadModelFolder(folder).then(
    () => undefined,
    (reason: Error) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  const message = error!.message.replaceAll(folder, 'MODEL');
  expect(message).toMatch(/^MODEL/);
  expect(message).not.toContain('\n');
  return message;
}

async function editJson(path: string, change: Record<string, unknown>): Promise<void> {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...json, ...change }));
}

async function editWeights(path: string, change: (tensors: ParameterValues) => void): Promise<void> {
  const { tensors } = await readSafetensors(path);
  const copy: ParameterValues = new Map(tensors);
  change(copy);
  await writeSafetensors(path, copy, { dtype: 'F32' });
}

test('a model folder survives a round trip, in the layout of diffusers', async () => {
  expect((await readdir(pristine)).sort()).toEqual([
    'README.md',
    'model_index.json',
    'scheduler',
    'text_encoder',
    'tokenizer',
    'unet',
    'vae',
  ]);
  expect((await readdir(join(pristine, 'tokenizer'))).sort()).toEqual([
    'merges.txt',
    'special_tokens_map.json',
    'tokenizer_config.json',
    'vocab.json',
  ]);
  const loaded = await loadModelFolder(pristine);
  for (const name of ['unet', 'vae', 'textEncoder'] as const) {
    expectSame(loaded[name].parameters, model[name].parameters);
    expect(loaded[name].config).toMatchObject(model[name].config);
  }
  expect(loaded.scheduler).toMatchObject(model.scheduler);
  expect(loaded.tokenizer.files).toEqual(tokenizer.files);
  const again = join(root, 'again');
  await saveModelFolder(again, loaded, { dtype: 'F32' });
  for (const file of [
    'unet/config.json',
    'vae/diffusion_pytorch_model.safetensors',
    'tokenizer/merges.txt',
    'scheduler/scheduler_config.json',
  ]) {
    expect(await readFile(join(again, file), 'utf8')).toBe(await readFile(join(pristine, file), 'utf8'));
  }
});

test('a CLIP folder survives a round trip', async () => {
  const folder = join(root, 'clip');
  await saveClipFolder(folder, clip, { dtype: 'F32' });
  const loaded = await loadClipFolder(folder);
  expectSame(loaded.clip.parameters, clip.clip.parameters);
  expect(loaded.clip.config).toMatchObject(clip.clip.config);
  expect(loaded.imageProcessor).toMatchObject(clip.imageProcessor);
  expect(loaded.tokenizer.encode(['two dogs'])).toEqual(tokenizer.encode(['two dogs']));
});

test('half precision, the fp16 variant and the names of before 2023 are read', async () => {
  const folder = join(root, 'variant');
  await saveModelFolder(folder, model, { dtype: 'F16' });
  const vae = join(folder, 'vae');
  await editWeights(join(vae, 'diffusion_pytorch_model.safetensors'), (tensors) => {
    const old: Record<string, string> = { to_q: 'query', to_k: 'key', to_v: 'value', 'to_out.0': 'proj_attn' };
    for (const [name, value] of [...tensors]) {
      const part = /mid_block\.attentions\.0\.(to_q|to_k|to_v|to_out\.0)\./.exec(name)?.[1];
      if (part === undefined) continue;
      tensors.delete(name);
      const shape = name.endsWith('weight') ? [...value.shape, 1, 1] : value.shape;
      tensors.set(name.replace(part, old[part]!), { ...value, shape });
    }
    expect([...tensors.keys()].filter((name) => name.includes('proj_attn'))).toHaveLength(4);
  });
  await rename(
    join(folder, 'unet/diffusion_pytorch_model.safetensors'),
    join(folder, 'unet/diffusion_pytorch_model.fp16.safetensors'),
  );
  await editWeights(join(folder, 'text_encoder/model.safetensors'), (tensors) => {
    tensors.set('text_model.embeddings.position_ids', { shape: [1, 8], data: new Float32Array(8) });
  });
  const loaded = await loadModelFolder(folder);
  for (const name of ['unet', 'vae', 'textEncoder'] as const) {
    expectSame(loaded[name].parameters, model[name].parameters, { relative: 2 ** -10, absolute: 2 ** -24 });
  }
});

test('weights in training stand in for the file', async () => {
  const folder = join(root, 'live');
  await cp(pristine, folder, { recursive: true });
  await rm(join(folder, 'unet/diffusion_pytorch_model.safetensors'));
  const unetParameters = model.unet.parameters;
  expect((await loadModelFolder(folder, { unetParameters })).unet.parameters).toBe(unetParameters);
  const wrong = new Map(unetParameters).set('conv_in.bias', { shape: [9], data: new Float32Array(9) });
  await expect(loadModelFolder(folder, { unetParameters: wrong })).rejects.toThrow(
    /the given weights of unet: tensor "conv_in.bias": expected \[8\] as .* got \[9\]/,
  );
});

test('a damaged model folder ends in one sentence', async () => {
  const unetWeights = 'unet/diffusion_pytorch_model.safetensors';
  const cases: [(folder: string) => Promise<unknown>, string | RegExp][] = [
    [(f) => rm(f, { recursive: true }), 'MODEL: expected a folder with model_index.json, got nothing there'],
    [
      (f) => rm(f, { recursive: true }).then(() => writeFile(f, 'x')),
      'MODEL: expected a folder with model_index.json, got a file',
    ],
    [(f) => rm(join(f, 'model_index.json')), 'MODEL/model_index.json: expected a readable file, got nothing there'],
    [(f) => writeFile(join(f, 'model_index.json'), '[]'), 'MODEL/model_index.json: expected an object, got a list'],
    [
      (f) => writeFile(join(f, 'model_index.json'), '{'),
      /MODEL\/model_index.json: expected JSON, got text that does not parse/,
    ],
    [
      (f) => editJson(join(f, 'model_index.json'), { _class_name: 'StableDiffusionXLPipeline' }),
      /got "StableDiffusionXLPipeline" \(Stable Diffusion XL\)/,
    ],
    [
      (f) => editJson(join(f, 'model_index.json'), { _class_name: 'StableDiffusion3Pipeline' }),
      /\(Stable Diffusion 3\)/,
    ],
    [
      (f) => editJson(join(f, 'model_index.json'), { vae: undefined }),
      'MODEL/model_index.json: expected the component vae as [library, class], as Stable Diffusion has it, got none in "StableDiffusionPipeline"',
    ],
    [
      (f) => editJson(join(f, 'model_index.json'), { unet: [null, null] }),
      /expected the component unet as \[library, class\], .* got \[null,null\]/,
    ],
    [
      (f) => rm(join(f, 'unet'), { recursive: true }),
      'MODEL/unet/config.json: expected a readable file, got nothing there',
    ],
    [
      (f) => rm(join(f, unetWeights)),
      /^MODEL\/unet: expected diffusion_pytorch_model.safetensors or .*, got no weights$/,
    ],
    [
      (f) => rename(join(f, unetWeights), join(f, 'unet/diffusion_pytorch_model.msgpack')),
      /^MODEL\/unet: expected diffusion_pytorch_model.safetensors or .*, got diffusion_pytorch_model.msgpack$/,
    ],
    [
      (f) => rename(join(f, unetWeights), join(f, 'unet/diffusion_pytorch_model.safetensors.index.json')),
      /index.json: expected an index of weights, got /,
    ],
    [
      (f) => writeFile(join(f, unetWeights), Buffer.from('PK\x03\x04\x14\x00\x08\x08\x00\x00', 'latin1')),
      /expected a zip archive that ends with its directory, got none/,
    ],
    [
      (f) => editJson(join(f, 'unet/config.json'), { block_out_channels: [8, 32] }),
      /unet\/diffusion_pytorch_model.safetensors: tensor ".*": expected \[32.*\] as MODEL\/unet\/config.json says, got \[16/,
    ],
    [
      (f) => editJson(join(f, 'unet/config.json'), { layers_per_block: 2 }),
      /expected a tensor "down_blocks.0.resnets.1.*" .* as MODEL\/unet\/config.json says, got none/,
    ],
    [
      (f) => editJson(join(f, 'unet/config.json'), { block_out_channels: [8, 'x'] }),
      /^MODEL\/unet\/config.json: key "block_out_channels.1"/,
    ],
    [(f) => editJson(join(f, 'unet/config.json'), { addition_embed_type: 'text_time' }), /Stable Diffusion XL/],
    [(f) => editJson(join(f, 'text_encoder/config.json'), { num_attention_heads: 3 }), /text_encoder\/config.json: .*/],
    [
      (f) => editJson(join(f, 'text_encoder/config.json'), { model_type: 't5' }),
      /text_encoder\/config.json: expected model_type .*, got "t5"/,
    ],
    [
      (f) => editWeights(join(f, unetWeights), (t) => t.set('extra.weight', { shape: [2], data: new Float32Array(2) })),
      /expected only tensors that MODEL\/unet\/config.json asks for, got "extra.weight" \[2\]/,
    ],
    [
      (f) => editJson(join(f, 'scheduler/scheduler_config.json'), { _class_name: 'FlowMatchEulerDiscreteScheduler' }),
      /got FlowMatchEulerDiscreteScheduler, the flow matching/,
    ],
    [
      (f) => editJson(join(f, 'scheduler/scheduler_config.json'), { beta_schedule: 'sigmoid' }),
      /^MODEL\/scheduler\/scheduler_config.json: key "beta_schedule"/,
    ],
    [
      (f) => editJson(join(f, 'scheduler/scheduler_config.json'), { trained_betas: [0.1] }),
      /^MODEL\/scheduler\/scheduler_config.json: .*trained_betas/,
    ],
    [
      (f) => rm(join(f, 'tokenizer/vocab.json')),
      'MODEL/tokenizer/vocab.json: expected a readable file, got nothing there',
    ],
    [
      (f) => editJson(join(f, 'tokenizer/vocab.json'), { a: 99_999 }),
      /tokenizer\/vocab.json: token "a": expected a unique id below 5\d\d, got 99999/,
    ],
    [
      (f) => writeFile(join(f, 'tokenizer/merges.txt'), '#version: 0.2\nt w\nt\n'),
      /tokenizer\/merges.txt: merge 3: expected two tokens/,
    ],
    [
      (f) => editJson(join(f, 'tokenizer/special_tokens_map.json'), { pad_token: '<none>' }),
      /expected the pad token in the vocabulary, got none spelled "<none>"/,
    ],
  ];
  for (const [damage, expected] of cases) {
    const message = await messageAfter(damage);
    if (typeof expected === 'string') expect(message).toBe(expected);
    else expect(message).toMatch(expected);
  }
});

test('parts that do not fit together are named', async () => {
  const message = await messageAfter(async (folder) => {
    await rm(join(folder, 'unet'), { recursive: true });
    await cp(join(pristine, 'unet'), join(folder, 'unet'), { recursive: true });
    await editJson(join(folder, 'unet/config.json'), { in_channels: 9 });
    await editWeights(join(folder, 'unet/diffusion_pytorch_model.safetensors'), (tensors) => {
      tensors.set('conv_in.weight', { shape: [8, 9, 3, 3], data: new Float32Array(8 * 81) });
    });
  });
  expect(message).toMatch(/^MODEL: unet: expected 4 channels in and out like the VAE's latents, got 9 in/);
});

test('saving is whole or not at all', async () => {
  const folder = join(root, 'whole');
  const broken = {
    ...model,
    unet: {
      ...model.unet,
      parameters: new Map(model.unet.parameters).set('conv_in.bias', {
        shape: [8],
        data: new Float32Array(8).fill(Number.NaN),
      }),
    },
  };
  await expect(saveModelFolder(folder, broken)).rejects.toThrow(
    /tensor "conv_in.bias": expected numbers within .* got NaN/,
  );
  expect((await readdir(root)).filter((name) => name.includes('whole'))).toEqual([]);
  await saveModelFolder(folder, model);
  await expect(saveModelFolder(folder, model)).rejects.toThrow(
    /whole: expected a folder that does not exist yet, got one that does/,
  );
  await mkdir(join(folder, 'stale'));
  await expect(saveModelFolder(folder, broken, { overwrite: true })).rejects.toThrow(/got NaN/);
  expect(await readdir(folder)).toContain('stale');
  await saveModelFolder(folder, model, { overwrite: true });
  expect(await readdir(folder)).not.toContain('stale');
  expect((await readdir(root)).filter((name) => name.includes('whole'))).toEqual(['whole']);
  await loadModelFolder(folder);
});
