/** Model folders whose weights are PyTorch's files, split over several files, or both. */
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseImageProcessorConfig } from '../configs/image-processor-config.ts';
import { InputError } from '../errors.ts';
import { readSafetensors } from '../safetensors/read-safetensors.ts';
import { writeSafetensors } from '../safetensors/write-safetensors.ts';
import { randomComponent, tinyModel } from '../testing/random-model.ts';
import { torchLegacy, torchZip } from '../testing/torch-file.ts';
import { loadClipFolder, saveClipFolder } from './clip-folder.ts';
import { loadModelFolder, saveModelFolder } from './model-folder.ts';
import { shardsOf, weightsFileNames } from './weights-names.ts';

const model = tinyModel();
let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-weights-file-'));
  folder = join(root, 'model');
  await saveModelFolder(folder, model, { dtype: 'F32' });
});
afterAll(() => rm(root, { recursive: true }));

let copies = 0;
/** A copy of the model folder in which `change` has been at work. */
async function changed(change: (folder: string) => Promise<unknown>): Promise<string> {
  const copy = join(root, `copy-${copies++}`);
  await cp(folder, copy, { recursive: true });
  await change(copy);
  return copy;
}

async function tensorsOf(path: string): Promise<ParameterValues> {
  return new Map((await readSafetensors(path)).tensors);
}

/** Replaces a safetensors file by one of torch.save. */
async function toTorch(path: string, name: string, write: (tensors: ParameterValues) => Buffer): Promise<void> {
  await writeFile(join(dirname(path), name), write(await tensorsOf(path)));
  await rm(path);
}

/** Splits a safetensors file over `count` files, `write` writing each. */
async function split(
  path: string,
  { stem, extension, count }: { stem: string; extension: 'safetensors' | 'bin'; count: number },
): Promise<string> {
  const tensors = [...(await tensorsOf(path))];
  const places: Record<string, string> = {};
  for (let i = 0; i < count; i++) {
    const name = `${stem}-0000${i + 1}-of-0000${count}.${extension}`;
    const part = new Map(tensors.filter((_, index) => index % count === i));
    for (const key of part.keys()) places[key] = name;
    const target = join(dirname(path), name);
    if (extension === 'bin') await writeFile(target, torchZip(part));
    else await writeSafetensors(target, part, { dtype: 'F32' });
  }
  await rm(path);
  const index = join(dirname(path), `${stem}.${extension}.index.json`);
  await writeFile(index, JSON.stringify({ metadata: { total_size: 1 }, weight_map: places }));
  return index;
}

function expectSame(actual: ParameterValues, expected: ParameterValues): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { shape, data }] of expected)
    expect([name, actual.get(name)!.shape, actual.get(name)!.data]).toEqual([name, shape, data]);
}

async function expectLoads(path: string): Promise<void> {
  const loaded = await loadModelFolder(path);
  for (const name of ['unet', 'vae', 'textEncoder'] as const)
    expectSame(loaded[name].parameters, model[name].parameters);
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message;
}

describe('a model folder', () => {
  test("is read from PyTorch's files, where no safetensors lie beside them", async () => {
    const copy = await changed(async (path) => {
      await toTorch(join(path, 'unet/diffusion_pytorch_model.safetensors'), 'diffusion_pytorch_model.bin', torchZip);
      await toTorch(join(path, 'vae/diffusion_pytorch_model.safetensors'), 'diffusion_pytorch_model.bin', torchLegacy);
      await toTorch(join(path, 'text_encoder/model.safetensors'), 'pytorch_model.bin', torchLegacy);
    });
    await expectLoads(copy);
    const half = await changed((path) =>
      toTorch(join(path, 'unet/diffusion_pytorch_model.safetensors'), 'diffusion_pytorch_model.fp16.bin', torchZip),
    );
    await expectLoads(half);
    expect(await messageOf(loadModelFolder(half, { variant: 'fp16' }))).toMatch(
      /text_encoder: expected model.fp16.safetensors or pytorch_model.fp16.bin, got model.safetensors$/,
    );
  });

  test('is read from safetensors, where both are there', async () => {
    await expectLoads(await changed((path) => writeFile(join(path, 'unet/diffusion_pytorch_model.bin'), 'no weights')));
  });

  test.each(['safetensors', 'bin'] as const)('is read from several files (%s)', async (extension) => {
    const copy = await changed(async (path) => {
      const unet = join(path, 'unet/diffusion_pytorch_model.safetensors');
      await split(unet, { stem: 'diffusion_pytorch_model', extension, count: 3 });
      const stem = extension === 'bin' ? 'pytorch_model' : 'model';
      await split(join(path, 'text_encoder/model.safetensors'), { stem, extension, count: 2 });
    });
    expect(await readdir(join(copy, 'unet'))).not.toContain('diffusion_pytorch_model.safetensors');
    await expectLoads(copy);
  });

  test('whose index is wrong ends in one sentence', async () => {
    const cases: [change: (index: string) => Promise<unknown>, sentence: RegExp][] = [
      [(index) => writeFile(index, '{'), /index.json: expected an index of weights, got text that is not JSON$/],
      [(index) => writeFile(index, '{"weight_map": {}}'), /expected an index of 1 to 256 files, got 0$/],
      [(index) => writeFile(index, '{"weight_map": {"a": "../x"}}'), /expected names of files beside it, got "..\/x"$/],
      [
        (index) => writeFile(index, '{"weight_map": {"a": ".."}}'),
        /expected a file of weights, got something|beside it/,
      ],
      [(index) => rm(index.replace('.safetensors.index.json', '-00002-of-00003.safetensors')), /got nothing there$/],
      [
        async (index) => writeFile(index, (await readFile(index, 'utf8')).replace('00002-of', '00001-of')),
        /expected the tensor ".*" in .*-00001-of-00003.safetensors as it says, got none$/,
      ],
      [
        async (index) => writeFile(index, (await readFile(index, 'utf8')).replace('conv_in.bias', 'conv_on.bias')),
        /expected the tensor "conv_on.bias" in .* as it says, got none$/,
      ],
    ];
    for (const [change, sentence] of cases) {
      const copy = await changed(async (path) => {
        const unet = join(path, 'unet/diffusion_pytorch_model.safetensors');
        await change(await split(unet, { stem: 'diffusion_pytorch_model', extension: 'safetensors', count: 3 }));
      });
      expect(await messageOf(loadModelFolder(copy))).toMatch(sentence);
    }
  });

  test('with another network in a file of torch.save is told by its tensors', async () => {
    const copy = await changed((path) =>
      toTorch(join(path, 'unet/diffusion_pytorch_model.safetensors'), 'diffusion_pytorch_model.bin', (tensors) => {
        tensors.set('extra', { shape: [2], data: Float32Array.of(1, 2) });
        return torchZip(tensors);
      }),
    );
    expect(await messageOf(loadModelFolder(copy))).toMatch(/\.bin: expected only tensors that .* got "extra" \[2\]$/);
  });
});

test('a CLIP folder is read from pytorch_model.bin', async () => {
  const tower = { hidden_size: 8, intermediate_size: 16, num_hidden_layers: 1, num_attention_heads: 2 };
  const config = parseClipConfig({
    text_config: { ...tower, vocab_size: 520, max_position_embeddings: 8 },
    vision_config: { ...tower, image_size: 8, patch_size: 4 },
    projection_dim: 4,
  });
  const clip = randomComponent('clip', config);
  const imageProcessor = parseImageProcessorConfig({}, { imageSize: 8 });
  const path = join(root, 'clip');
  await saveClipFolder(path, { clip, tokenizer: model.tokenizer, imageProcessor }, { dtype: 'F32' });
  await toTorch(join(path, 'model.safetensors'), 'pytorch_model.bin', torchLegacy);
  expectSame((await loadClipFolder(path)).clip.parameters, clip.parameters);
  await rename(join(path, 'pytorch_model.bin'), join(path, 'open_clip_pytorch_model.pt'));
  expect(await messageOf(loadClipFolder(path))).toMatch(
    /expected model.safetensors or pytorch_model.bin, got open_clip_pytorch_model.pt$/,
  );
});

test('names of shards are told from those of other variants', () => {
  const names = { weights: 'model', torchWeights: 'pytorch_model' };
  expect(weightsFileNames(names, 'fp16').slice(0, 2)).toEqual([
    'model.fp16.safetensors',
    'model.safetensors.index.fp16.json',
  ]);
  const available = [
    'unet/model-00001-of-00002.safetensors',
    'unet/model-00002-of-00002.safetensors',
    'unet/model.fp16-00001-of-00001.safetensors',
    'unet/model-00001-of-00001.fp16.safetensors',
    'unet/model-00001-of-00002.bin',
    'vae/model-00001-of-00002.safetensors',
  ];
  expect(shardsOf('unet/model.safetensors.index.json', available)).toEqual(available.slice(0, 2));
  expect(shardsOf('unet/model.safetensors.index.fp16.json', available).sort()).toEqual(available.slice(2, 4).sort());
  expect(shardsOf('unet/model.fp16.safetensors.index.json', available).sort()).toEqual(available.slice(2, 4).sort());
  expect(shardsOf('unet/model.bin.index.json', available)).toEqual([available[4]]);
});
