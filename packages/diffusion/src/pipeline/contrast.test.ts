// Good-minus-bad guidance: what is added to a prediction, and that a folder keeps it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@heed/autodiff';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadModelFolder, saveModelFolder } from '../checkpoint/model-folder.ts';
import { saveCheckpointFile } from '../checkpoint/single-file/save-checkpoint-file.ts';
import { InputError } from '../errors.ts';
import { tinyModel } from '../testing/random-model.ts';
import { hashComponents, type ModelComponent, type StableDiffusionComponents } from './components.ts';
import { withContrast } from './contrast.ts';
import { createDenoiser } from './denoiser.ts';
import { StableDiffusionPipeline } from './stable-diffusion.ts';

const runtime = { threads: 1 };
let folder: string;
let model: StableDiffusionComponents;
let good: StableDiffusionComponents['unet'];
let bad: StableDiffusionComponents['unet'];

/** The same network with weights that differ a little. */
function moved<Config>({ config, parameters }: ModelComponent<Config>, seed: number): ModelComponent<Config> {
  const random = createRandom(seed);
  return {
    config,
    parameters: new Map(
      [...parameters].map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((value) => Math.fround(value + 0.05 * random.normal())) },
      ]),
    ),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-contrast-'));
  const plain = tinyModel();
  // The last layers begin with zeros, which would hide all others.
  model = { ...plain, unet: moved(plain.unet, 7) };
  good = moved(model.unet, 1);
  bad = moved(model.unet, 2);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('adds the scaled difference of two predictions to the guided one', async () => {
  const { config } = model.unet;
  const random = createRandom(3);
  const sample = random.fillNormal(new Float32Array(config.in_channels * 8 * 8));
  const state = () => random.fillNormal(new Float32Array(6 * config.cross_attention_dim));
  const batch = {
    shape: [1, config.in_channels, 8, 8] as const,
    states: state(),
    negativeState: state(),
    guidanceScale: 3,
    textLength: 6,
  };
  const predict = async (unet: typeof good, isGuided: boolean) => {
    const denoiser = createDenoiser(unet, { ...runtime, live: false });
    const step = await denoiser.prepare(isGuided ? batch : { ...batch, negativeState: undefined });
    const output = await step(sample, 321);
    await denoiser.dispose();
    return output;
  };
  const [guided, towards, away] = [
    await predict(model.unet, true),
    await predict(good, false),
    await predict(bad, false),
  ];
  const combined = withContrast(
    createDenoiser(model.unet, { ...runtime, live: false }),
    { good, bad, scale: 2.5 },
    runtime,
  );
  const output = await (await combined.prepare(batch))(sample, 321);
  await combined.dispose();
  const expected = guided.map((value, i) => value + 2.5 * (towards[i]! - away[i]!));
  expect(output).toEqual(expected);
  expect(output).not.toEqual(guided);
});

const draw = async (components: StableDiffusionComponents) => {
  await using pipeline = new StableDiffusionPipeline(components, runtime);
  const [image] = await pipeline.generate({ prompts: ['a dog'], seeds: [5], steps: 2, guidanceScale: 3 });
  return [...image!.data];
};

test('a model with a contrast is another model, and one of equal sides or scale 0 draws the same pictures', async () => {
  const plain = await draw(model);
  expect(await draw({ ...model, contrast: { good, bad, scale: 4 } })).not.toEqual(plain);
  expect(await draw({ ...model, contrast: { good, bad, scale: 0 } })).toEqual(plain);
  expect(await draw({ ...model, contrast: { good, bad: good, scale: 4 } })).toEqual(plain);
  const hashes = [undefined, { good, bad, scale: 4 }, { good, bad, scale: 2 }, { good: bad, bad: good, scale: 4 }].map(
    (contrast) => hashComponents({ ...model, contrast }),
  );
  expect(new Set(hashes).size).toBe(4);
  expect(hashComponents(model)).toBe(hashes[0]);
});

test('a folder keeps the contrast, a single file has no place for it', async () => {
  const path = join(folder, 'model');
  const contrasted = { ...model, contrast: { good, bad, scale: 1.5 } };
  await saveModelFolder(path, contrasted, { dtype: 'F32' });
  const loaded = await loadModelFolder(path);
  expect(loaded.contrast?.scale).toBe(1.5);
  expect(loaded.contrast?.good.parameters).toEqual(good.parameters);
  expect(loaded.contrast?.bad.parameters).toEqual(bad.parameters);
  await expect(saveCheckpointFile(join(folder, 'one.safetensors'), contrasted)).rejects.toThrow(InputError);

  for (const text of ['{"version": 1, "scale": -1}', '{"version": 2, "scale": 1}', '[]', '{']) {
    await writeFile(join(path, 'contrast.json'), text);
    await expect(loadModelFolder(path)).rejects.toThrow(/^.*contrast\.json: expected/);
  }
});

test('refuses U-Nets that do not fit, and a scale that is none', () => {
  const other = { config: { ...good.config, cross_attention_dim: 99 }, parameters: good.parameters };
  const build = (contrast: StableDiffusionComponents['contrast']) => () =>
    new StableDiffusionPipeline({ ...model, contrast }, runtime);
  expect(build({ good: other, bad, scale: 1 })).toThrow(/^contrast, the good U-Net: expected cross_attention_dim/);
  expect(build({ good, bad, scale: Number.NaN })).toThrow(/^contrast: expected a scale of at least 0, got NaN/);
});
