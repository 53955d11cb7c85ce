// Folders as other releases and programs leave them: transformers 4 and 5, diffusers, hand-made ones.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseImageProcessorConfig } from '../configs/image-processor-config.ts';
import { InputError } from '../errors.ts';
import { readSafetensors } from '../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import { randomComponent, tinyModel } from '../testing/random-model.ts';
import { checkClipFolder, loadClipFolder, saveClipFolder } from './clip-folder.ts';
import { checkModelFolder, loadModelFolder, saveModelFolder } from './model-folder.ts';

const model = tinyModel();
const tower = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 };
const clip = {
  clip: randomComponent(
    'clip',
    parseClipConfig({
      text_config: { ...tower, vocab_size: 520, max_position_embeddings: 8 },
      vision_config: { ...tower, image_size: 8, patch_size: 4 },
      projection_dim: 4,
    }),
  ),
  tokenizer: model.tokenizer,
  imageProcessor: parseImageProcessorConfig({}, { imageSize: 8 }),
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-foreign-'));
  await saveModelFolder(join(root, 'model'), model, { dtype: 'F32' });
  await saveClipFolder(join(root, 'clip'), clip, { dtype: 'F32' });
});
afterAll(() => rm(root, { recursive: true }));

let copies = 0;
async function copyOf(name: 'model' | 'clip'): Promise<string> {
  const folder = join(root, `copy-${copies++}`);
  await cp(join(root, name), folder, { recursive: true });
  return folder;
}

async function editText(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(path, after);
}

/** Renames tensors (undefined drops one) and adds others. */
async function editNames(
  path: string,
  rename: (name: string) => string | undefined,
  more: readonly (readonly [string, readonly number[]])[] = [],
): Promise<void> {
  const { tensors } = await readSafetensors(path);
  const edited: ParameterValues = new Map();
  for (const [name, value] of tensors) {
    const renamed = rename(name);
    if (renamed !== undefined) edited.set(renamed, value);
  }
  for (const [name, shape] of more) {
    edited.set(name, { shape, data: new Float32Array(shape.reduce((product, size) => product * size, 1)) });
  }
  await writeSafetensors(path, edited, { dtype: 'F32' });
}

const same = (name: string) => name;
const bare = (name: string) => name.replace(/^text_model\./, '');

describe('names of the text encoder', () => {
  test.each<[string, (name: string) => string, (readonly [string, readonly number[]])[]]>([
    ['of transformers from 5.6 on: without text_model.', bare, []],
    ['without it, and with the buffer', bare, [['embeddings.position_ids', [1, 8]]]],
    ['with the buffer of transformers before 4.31', same, [['text_model.embeddings.position_ids', [1, 8]]]],
    ['of a CLIPTextModelWithProjection', same, [['text_projection.weight', [4, 8]]]],
    [
      'of a whole CLIPModel',
      same,
      [
        ['vision_model.embeddings.class_embedding', [8]],
        ['vision_model.embeddings.position_ids', [1, 5]],
        ['visual_projection.weight', [4, 8]],
        ['text_projection.weight', [4, 8]],
        ['logit_scale', []],
      ],
    ],
    ['of a CLIPModel inside another class', (name) => `clip.${name}`, [['clip.logit_scale', []]]],
  ])('%s', async (_, rename, more) => {
    const folder = await copyOf('model');
    await editNames(join(folder, 'text_encoder/model.safetensors'), rename, more);
    await checkModelFolder(folder);
    const { parameters } = (await loadModelFolder(folder)).textEncoder;
    expect([...parameters.keys()].sort()).toEqual([...model.textEncoder.parameters.keys()].sort());
    for (const [name, { data }] of parameters) {
      expect(Buffer.from(data.buffer).equals(Buffer.from(model.textEncoder.parameters.get(name)!.data.buffer))).toBe(
        true,
      );
    }
  });

  test('two spellings of one tensor, or a name of neither, are refused', async () => {
    const folder = await copyOf('model');
    const path = join(folder, 'text_encoder/model.safetensors');
    await editNames(path, same, [['final_layer_norm.bias', [8]]]);
    await expect(checkModelFolder(folder)).rejects.toThrow(/"text_model.final_layer_norm.bias" once, got it in two/);
    await editNames(path, (name) => (name === 'final_layer_norm.bias' ? 'stray.bias' : name));
    await expect(checkModelFolder(folder)).rejects.toThrow(/expected only tensors .* got "stray.bias"/);
  });
});

describe('numbers keep their kind', () => {
  test('in every config of a model folder', async () => {
    const folder = await copyOf('model');
    const edits: [string, string][] = [
      ['text_encoder/config.json', '"initializer_factor": 1.0, "attention_dropout": 0.0, "big": 12345678901234567890'],
      ['unet/config.json', '"resnet_out_scale_factor": 1.0, "mid_block_scale_factor": 1, "dropout": 0.0'],
      ['vae/config.json', '"scale": 1e5, "force_upcast": 1.0'],
      [
        'scheduler/scheduler_config.json',
        '"lambda_min_clipped": -Infinity, "sigma_max": Infinity, "sample_max_value": 1.0, "nan": NaN',
      ],
    ];
    for (const [file, members] of edits) {
      await editText(join(folder, file), (text) => text.replace('{', `{\n  ${members},`));
    }
    const out = `${folder}-out`;
    await saveModelFolder(out, await loadModelFolder(folder));
    for (const [file, members] of edits) {
      const text = await readFile(join(out, file), 'utf8');
      for (const member of members.split(', ')) expect(text).toContain(member);
    }
    await checkModelFolder(out);
  });

  test('floats of CLIP are floats, whoever wrote them as integers', async () => {
    const folder = await copyOf('clip');
    await editText(join(folder, 'config.json'), (text) =>
      text.replace('"text_config": {', '"initializer_factor": 1, "text_config": { "initializer_factor": 1,'),
    );
    const out = `${folder}-out`;
    await saveClipFolder(out, await loadClipFolder(folder));
    const text = await readFile(join(out, 'config.json'), 'utf8');
    expect(text.match(/"initializer_factor": 1\.0/g)).toHaveLength(2);
    expect(text).not.toMatch(/"initializer_factor": 1,/);
    await checkClipFolder(out);
  });
});

describe('image processors', () => {
  const processor = async (folder: string) => (await loadClipFolder(folder)).imageProcessor;

  test('of transformers 5: in processor_config.json', async () => {
    const folder = await copyOf('clip');
    const config = await readFile(join(folder, 'preprocessor_config.json'), 'utf8');
    await rm(join(folder, 'preprocessor_config.json'));
    await expect(checkClipFolder(folder)).rejects.toThrow(
      /expected processor_config.json or preprocessor_config.json with an image processor, got neither/,
    );
    const nested = { image_processor: JSON.parse(config) as object, processor_class: 'CLIPProcessor' };
    await writeFile(join(folder, 'processor_config.json'), JSON.stringify(nested));
    expect(await processor(folder)).toMatchObject(clip.imageProcessor);
  });

  test('the nested one counts where both are there; one of a processor alone does not', async () => {
    const folder = await copyOf('clip');
    await writeFile(join(folder, 'processor_config.json'), '{"processor_class": "CLIPProcessor"}');
    expect((await processor(folder)).size).toEqual({ shortest_edge: 8 });
    await writeFile(join(folder, 'processor_config.json'), '{"image_processor": {"size": 6, "crop_size": null}}');
    expect(await processor(folder)).toMatchObject({
      size: { shortest_edge: 6 },
      crop_size: { height: 8, width: 8 },
    });
  });
});

describe('pipelines', () => {
  const withClass = async (className: string) => {
    const folder = await copyOf('model');
    await editText(join(folder, 'model_index.json'), (text) => text.replace('StableDiffusionPipeline', className));
    return folder;
  };

  test.each([
    'StableDiffusionImg2ImgPipeline',
    'StableDiffusionInpaintPipeline',
    'StableDiffusionControlNetPipeline',
    'StableDiffusionPAGPipeline',
    'StableDiffusionPipelineSafe',
  ])('%s with the parts of Stable Diffusion loads', async (className) => {
    const folder = await withClass(className);
    const loaded = await loadModelFolder(folder);
    const out = `${folder}-out`;
    await saveModelFolder(out, loaded);
    expect(await readFile(join(out, 'model_index.json'), 'utf8')).toContain('"StableDiffusionPipeline"');
  });

  test('an index without a class is taken by its parts', async () => {
    const folder = await copyOf('model');
    await editText(join(folder, 'model_index.json'), (text) => text.replace(/ *"_class_name".*\n/, ''));
    await checkModelFolder(folder);
  });

  test.each([
    ['StableDiffusionInpaintPipeline', 9, /an inpainting model/],
    ['StableDiffusionInstructPix2PixPipeline', 8, /an InstructPix2Pix model/],
    ['StableDiffusionUpscalePipeline', 7, /an upscaler/],
    ['StableDiffusionDepth2ImgPipeline', 5, /a depth-to-image model/],
  ])('%s of %i channels is refused with the reason', async (className, channels, reason) => {
    const folder = await withClass(className);
    await editText(join(folder, 'unet/config.json'), (text) =>
      text.replace('"in_channels": 4', `"in_channels": ${channels}`),
    );
    await editNames(
      join(folder, 'unet/diffusion_pytorch_model.safetensors'),
      (name) => (name === 'conv_in.weight' ? undefined : name),
      [['conv_in.weight', [8, channels, 3, 3]]],
    );
    const refused = checkModelFolder(folder);
    await expect(refused).rejects.toThrow(reason);
    await expect(refused).rejects.toBeInstanceOf(InputError);
  });
});

test("errors tell nothing of a file's content", async () => {
  const secret = 'root:x:0:0:root:/root:/bin/bash';
  const files = [
    'model_index.json',
    'unet/config.json',
    'scheduler/scheduler_config.json',
    'tokenizer/vocab.json',
    'tokenizer/merges.txt',
    'tokenizer/special_tokens_map.json',
  ];
  for (const file of files) {
    for (const content of [
      secret,
      `{"_class_name": "${secret}", "eos_token": "${secret}", "${secret}": "x"}`,
      `["${secret}"]`,
    ]) {
      const folder = await copyOf('model');
      await writeFile(join(folder, file), content);
      const error: unknown = await checkModelFolder(folder).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      // A scheduler's class may have any name.
      if (error === undefined) expect(file).toMatch(/^scheduler/);
      else expect(error).toBeInstanceOf(InputError);
      expect(String(error)).not.toMatch(/root|bash/);
    }
  }
});
