/**
 * Checkpoints of Stable Diffusion 1.x as other programs left them: written by torch.save, with EMA weights, with odd
 * buffers.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ParameterValues } from '@heed/autodiff';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseClipTextConfig } from '../../configs/clip-config.ts';
import { parseUnetConfig } from '../../configs/unet-config.ts';
import { parseVaeConfig } from '../../configs/vae-config.ts';
import type { StableDiffusionComponents } from '../../pipeline/components.ts';
import { writeSafetensors } from '../../safetensors/write-safetensors.ts';
import type { PythonValue } from '../../testing/pickle-writer.ts';
import { randomComponent, tinyModel } from '../../testing/random-model.ts';
import { torchLegacy, torchZip } from '../../testing/torch-file.ts';
import { checkpointTensors } from './save-checkpoint-file.ts';
import {
  hasEmaWeights,
  type LoadCheckpointFileOptions,
  loadCheckpointFile,
  readCheckpointConfigs,
} from './single-file.ts';

const { tokenizer, scheduler } = tinyModel();
const model: StableDiffusionComponents = {
  unet: randomComponent(
    'unet',
    parseUnetConfig({
      block_out_channels: [32, 64],
      down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
      up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
      layers_per_block: 1,
      cross_attention_dim: 64,
    }),
  ),
  vae: randomComponent('vae', parseVaeConfig({ block_out_channels: [32] })),
  textEncoder: randomComponent(
    'textEncoder',
    parseClipTextConfig({
      vocab_size: tokenizer.vocabSize,
      hidden_size: 64,
      intermediate_size: 80,
      num_hidden_layers: 1,
      num_attention_heads: 1,
      max_position_embeddings: 77,
    }),
  ),
  tokenizer,
  scheduler,
};
const tensors = checkpointTensors(model, 'the model');
const load = (path: string, options: LoadCheckpointFileOptions = {}) =>
  loadCheckpointFile(path, { tokenizer, ...options });

let root: string;
let pristine: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-torch-checkpoint-'));
  pristine = join(root, 'pristine.safetensors');
  await writeSafetensors(pristine, tensors, { dtype: 'F32' });
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

test('is read with buffers of other types and metadata that are null', async () => {
  const file = join(root, 'types.safetensors');
  const { header, data } = splitSafetensors(await readFile(pristine));
  const unused = Buffer.alloc(8 * 3);
  const end = data.length;
  const mixed = { ...header, betas: { dtype: 'F64', shape: [3], data_offsets: [end, end + 24] }, __metadata__: null };
  await writeFile(file, joinSafetensors(mixed, Buffer.concat([data, unused])));
  expectSame((await load(file)).unet.parameters, model.unet.parameters);
});

test.each([
  ['zip', torchZip],
  ['legacy', torchLegacy],
] as const)('is read as torch.save wrote it (%s), nested and among other things', async (format, write) => {
  const path = join(root, `${format}.ckpt`);
  await writeFile(path, write(tensors, { dtype: 'F32', around: lightningCheckpoint }));
  const loaded = await load(path);
  for (const name of ['unet', 'vae', 'textEncoder'] as const)
    expectSame(loaded[name].parameters, model[name].parameters);
  expect(await readCheckpointConfigs(path)).toEqual(await readCheckpointConfigs(pristine));
  await writeFile(path, write(tensors, { dtype: 'F16' }));
  expectSame((await load(path)).unet.parameters, model.unet.parameters, 2 ** -10);
});

test('has its EMA weights where they are asked for', async () => {
  const path = join(root, 'ema.ckpt');
  const unet = [...tensors].filter(([name]) => name.startsWith('model.'));
  const copies = unet.map(([name, { shape, data }]) => {
    const copy = `model_ema.${name.slice('model.'.length).replaceAll('.', '')}`;
    return [copy, { shape, data: data.map((x) => x + 1) }] as const;
  });
  const one = { shape: [], data: Float32Array.of(1) };
  const all = new Map([...tensors, ...copies, ['model_ema.decay', one], ['model_ema.num_updates', one]]);
  await writeFile(path, torchZip(all, { around: lightningCheckpoint }));
  expect(await hasEmaWeights(path)).toBe(true);
  expectSame((await load(path)).unet.parameters, model.unet.parameters);
  const shifted = (await load(path, { ema: true })).unet.parameters;
  for (const [name, { data }] of model.unet.parameters) expect(shifted.get(name)!.data).toEqual(data.map((x) => x + 1));
  expect(await hasEmaWeights(pristine)).toBe(false);
  await expect(load(pristine, { ema: true })).rejects.toThrow(/expected EMA weights \(model_ema\.\*\), got a file/);
  const [[lost]] = copies as [(typeof copies)[0]];
  all.delete(lost);
  await writeFile(path, torchZip(all));
  await expect(load(path, { ema: true })).rejects.toThrow(`expected a tensor "${lost}" [`);
});

/** What PyTorch Lightning writes around a state dict. */
function lightningCheckpoint(stateDict: PythonValue): PythonValue {
  const callback = { global: ['pytorch_lightning.callbacks.model_checkpoint', 'ModelCheckpoint'] } as const;
  const score = { call: { global: ['numpy.core.multiarray', 'scalar'] }, args: [] } as const;
  const state = new Map<PythonValue, PythonValue>([
    ['monitor', 'val/loss_simple_ema'],
    ['best_model_score', score],
  ]);
  return new Map<PythonValue, PythonValue>([
    ['epoch', 0],
    ['global_step', 470_000],
    ['pytorch-lightning_version', '1.4.2'],
    ['state_dict', stateDict],
    ['callbacks', new Map<PythonValue, PythonValue>([[callback, state]])],
    ['lr_schedulers', []],
  ]);
}

function splitSafetensors(bytes: Buffer): { header: Record<string, unknown>; data: Buffer } {
  const end = 8 + Number(bytes.readBigUInt64LE());
  return { header: JSON.parse(bytes.toString('utf8', 8, end)) as Record<string, unknown>, data: bytes.subarray(end) };
}

function joinSafetensors(header: Record<string, unknown>, data: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}
