// A project whose base model is an old .ckpt with EMA weights: doctor, generate and export agree on which weights
// count.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clipTokenizer,
  loadModel,
  parseClipTextConfig,
  parseSchedulerConfig,
  parseUnetConfig,
  parseVaeConfig,
  readSafetensors,
  saveCheckpointFile,
} from '@heed/diffusion';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomComponent } from '../packages/diffusion/src/testing/random-model.ts';
import { torchZip } from '../packages/diffusion/src/testing/torch-file.ts';
import { projectChecks, runChecks } from '../packages/heed/src/doctor/checks.ts';
import { exportModel } from '../packages/heed/src/export/model-folder.ts';
import { runGenerate } from '../packages/heed/src/generate/run.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { silentProgress } from '../packages/heed/src/progress/index.ts';
import { initProject } from '../packages/heed/src/project/init.ts';

const UNET = 'model.diffusion_model.';
const BIAS = 'out.2.bias';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-old-checkpoint-'));
  const tokenizer = await clipTokenizer();
  const text = { hidden_size: 64, intermediate_size: 80, num_hidden_layers: 1, num_attention_heads: 1 };
  const textConfig = parseClipTextConfig({ ...text, vocab_size: tokenizer.vocabSize, max_position_embeddings: 77 });
  const unetConfig = parseUnetConfig({
    block_out_channels: [32, 64],
    down_block_types: ['DownBlock2D', 'CrossAttnDownBlock2D'],
    up_block_types: ['CrossAttnUpBlock2D', 'UpBlock2D'],
    layers_per_block: 1,
    cross_attention_dim: 64,
  });
  const path = join(root, 'plain.safetensors');
  await saveCheckpointFile(path, {
    unet: randomComponent('unet', unetConfig),
    vae: randomComponent('vae', parseVaeConfig({ block_out_channels: [32] })),
    textEncoder: randomComponent('textEncoder', textConfig),
    tokenizer,
    scheduler: parseSchedulerConfig({ _class_name: 'PNDMScheduler', beta_schedule: 'scaled_linear' }),
  });
  const { tensors } = await readSafetensors(path);
  const all = new Map<string, { shape: readonly number[]; data: Float32Array }>(tensors);
  for (const [name, { shape, data }] of tensors) {
    if (!name.startsWith(UNET)) continue;
    const copy = `model_ema.${name.slice('model.'.length).replaceAll('.', '')}`;
    all.set(copy, { shape, data: name.endsWith(BIAS) ? data.map(() => 7) : data });
  }
  await writeFile(
    join(root, 'old.ckpt'),
    torchZip(all, { dtype: 'F16', around: (dict) => new Map([['state_dict', dict]]) }),
  );
});
afterAll(() => rm(root, { recursive: true }));

async function outcome(ema: boolean, size = 0) {
  const name = ema ? 'with-ema' : 'without';
  const overrides = [
    'model.path=../old.ckpt',
    `model.ema=${ema}`,
    `model.size=${size}`,
    'generate.promptLimit=1',
    'tune.beta=0',
    'sample.steps=1',
  ];
  const project = await initProject(join(root, name), { overrides });
  const notes: string[] = [];
  const options = { imagesPerPrompt: 1, note: (text: string) => notes.push(text) };
  const { modelHash, generated } = await runGenerate(project, options, silentProgress);
  const [, model] = await runChecks(projectChecks(project));
  const [image] = createImageStore(project.paths.images).all();
  const { path } = await exportModel(project, 'base', join(root, `${name}.safetensors`), { format: 'checkpoint' });
  const { unet } = await loadModel(path);
  const [bias] = unet.parameters.get('conv_out.bias')!.data;
  const sides = { image: [image?.width, image?.height], exported: unet.config.sample_size };
  return { modelHash, generated, notes, model, bias, sides };
}

test('a .ckpt draws, and its EMA weights count where the settings ask for them', async () => {
  const without = await outcome(false);
  const sentence = expect.stringMatching(/old\.ckpt holds EMA weights .* left aside \(model\.ema=true takes them\)$/);
  expect(without).toMatchObject({ generated: 1, notes: [sentence], bias: 0 });
  expect(without.model).toEqual({
    name: 'model',
    state: 'ok',
    found: expect.stringMatching(/left aside \(model\.ema=true takes them\); pictures of 64 x 64 pixels$/),
  });
  // The VAE halves nothing: 64 latents, for which every Stable Diffusion 1.x was made, are 64 pixels.
  expect(without.sides).toEqual({ image: [64, 64], exported: 64 });
  const withEma = await outcome(true, 32);
  expect(withEma).toMatchObject({ generated: 1, notes: [], bias: 7 });
  expect(withEma.model).toEqual({
    name: 'model',
    state: 'ok',
    found: `${join(root, 'old.ckpt')}; pictures of 32 x 32 pixels`,
  });
  expect(withEma.sides).toEqual({ image: [32, 32], exported: 32 });
  expect(withEma.modelHash).not.toBe(without.modelHash);
});

test('a size that the model cannot draw is refused in one sentence', async () => {
  const project = await initProject(join(root, 'odd-size'), { overrides: ['model.path=../old.ckpt', 'model.size=33'] });
  const [, model] = await runChecks(projectChecks(project));
  const sentence = `${join(root, 'old.ckpt')}: size: expected a multiple of 2 pixels for this model, got 33`;
  expect(model).toEqual({ name: 'model', state: 'failed', found: sentence });
  await expect(runGenerate(project, {}, silentProgress)).rejects.toThrow(sentence);
});
