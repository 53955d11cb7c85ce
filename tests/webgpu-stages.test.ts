/**
 * Whole stages on the WebGPU provider beside the processor, with random models of some thousand weights: a picture,
 * CLIP's embeddings, updates of tuning. Op by op that is `packages/autodiff/src/ops/webgpu.test.ts`. A software driver
 * computes in float32; the float16 form of the same stages is held against float32 on the processor.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadClip, loadModel, loadPipeline, type RgbImage } from '@heed/diffusion';
import { createRandom, createTrainingStep, type PrecisionOption, resolvePrecision } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';
import { prepareWebgpu, withoutWebgpu } from '../packages/autodiff/src/testing/webgpu.ts';
import { writeRandomModels } from '../packages/heed/src/testing/random-models.ts';
import { TUNING_METHODS } from '../packages/heed/src/tune/methods/index.ts';
import { lossOf } from '../packages/heed/src/tune/networks.ts';
import { exampleTuneOptions } from '../packages/heed/src/tune/testing/example-options.ts';

const SIDE = 16;
const UPDATES = 4;

let undo = () => {};
let failure: unknown;
let folder: string;
let models: { model: string; clip: string };

beforeAll(async () => {
  undo = prepareWebgpu();
  await resolvePrecision('webgpu').catch((error: unknown) => {
    failure = error;
  });
  folder = await mkdtemp(join(tmpdir(), 'heed-webgpu-'));
  models = await writeRandomModels(folder);
});

afterAll(async () => {
  undo();
  await rm(folder, { recursive: true, force: true });
});

interface Place {
  device: 'cpu' | 'webgpu';
  precision: PrecisionOption;
}
const CPU: Place = { device: 'cpu', precision: 'float32' };
const CPU_HALF: Place = { device: 'cpu', precision: 'float16' };
const WEBGPU: Place = { device: 'webgpu', precision: 'auto' };

function required(context: TestContext): void {
  if (failure !== undefined) withoutWebgpu(context, failure);
}

/** The largest difference, in units of the largest number (1 at least). */
function worst(expected: ArrayLike<number>, actual: ArrayLike<number>): number {
  let [most, largest] = [0, 1];
  for (let i = 0; i < expected.length; i++) {
    most = Math.max(most, Math.abs(expected[i]! - actual[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return most / largest;
}

async function draw(place: Place): Promise<Uint8Array | Uint8ClampedArray> {
  const pipeline = await loadPipeline(models.model, { ...place, threads: 1 });
  try {
    const size = { width: SIDE, height: SIDE };
    const [image] = await pipeline.generate({ prompts: ['two dogs'], seeds: [3], steps: 2, guidanceScale: 3, ...size });
    return image!.data;
  } finally {
    await pipeline.dispose();
  }
}

async function embed(place: Place): Promise<Float32Array> {
  const clip = await loadClip(models.clip, { ...place, threads: 1 });
  try {
    const random = createRandom(4);
    const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => random.integer(256));
    const image: RgbImage = { width: SIDE, height: SIDE, data };
    return Float32Array.from([...(await clip.embedImages([image])), ...(await clip.embedTexts(['a green dog']))]);
  } finally {
    await clip.dispose();
  }
}

/** Losses and norms of some updates by equation 2, and weights and averages after them. */
async function tune(place: Place): Promise<{ curve: number[]; weights: number[] }> {
  const { unet, textEncoder } = await loadModel(models.model);
  const method = TUNING_METHODS['reward-weighted'];
  const latent = [2, unet.config.in_channels, 4, 4];
  const text = [2, 3, textEncoder.config.hidden_size];
  const step = await createTrainingStep({
    name: 'tuning',
    inputs: method.specs({
      modelCount: 1,
      pretrainingCount: 1,
      latentShape: latent.slice(1),
      textShape: text.slice(1),
    }),
    parameters: unet.parameters,
    loss: lossOf(method, { unetConfig: unet.config, options: exampleTuneOptions }),
    optimizer: { emaDecay: 0.99 },
    threads: 1,
    ...place,
  });
  try {
    const curve: number[] = [];
    for (let i = 0; i < UPDATES; i++) {
      const random = createRandom(i);
      const normal = (shape: readonly number[]) =>
        random.fillNormal(new Float32Array(shape.reduce((total, size) => total * size, 1)));
      const feeds = {
        noisyLatents: normal(latent),
        timestep: Float32Array.of(700, 20),
        target: normal(latent),
        encoderHiddenStates: normal(text),
        sampleWeights: Float32Array.of(0.7),
        timestepWeights: Float32Array.of(1, 0.5),
      };
      const { loss, gradientNorm, skipped } = await step.step(feeds, { learningRate: 1e-3 });
      expect(skipped).toBe(0);
      curve.push(loss, gradientNorm);
    }
    const { parameters, ema } = await step.fetchState();
    const weights = [...parameters.values(), ...ema!.values()].flatMap(({ data }) => [...data]);
    return { curve, weights };
  } finally {
    step.dispose();
  }
}

it('draws the same picture on webgpu', async (context) => {
  required(context);
  const [expected, actual] = [await draw(CPU), await draw(WEBGPU)];
  // Bytes: float32 in another order may round to the other neighbour.
  expect(worst(expected, actual) * Math.max(...expected)).toBeLessThanOrEqual(
    (await resolvePrecision('webgpu')) === 'float16' ? 8 : 1,
  );
  expect(new Set(expected).size).toBeGreaterThan(20);
});

it('gives the same CLIP embeddings on webgpu', async (context) => {
  required(context);
  const tolerance = (await resolvePrecision('webgpu')) === 'float16' ? 2e-2 : 2e-5;
  expect(worst(await embed(CPU), await embed(WEBGPU))).toBeLessThan(tolerance);
});

it('tunes along the same losses to the same weights on webgpu', async (context) => {
  required(context);
  const [expected, actual] = [await tune(CPU), await tune(WEBGPU)];
  const half = (await resolvePrecision('webgpu')) === 'float16';
  expect(worst(expected.curve, actual.curve)).toBeLessThan(half ? 2e-2 : 1e-4);
  // AdamW's first updates are signs: a gradient near zero may turn, by two learning rates an update at most.
  expect(worst(expected.weights, actual.weights)).toBeLessThan(2 * UPDATES * 1e-3);
  const total = expected.weights.reduce((sum, value, i) => sum + Math.abs(value - actual.weights[i]!), 0);
  expect(total / expected.weights.length).toBeLessThan(half ? 5e-4 : 2e-6);
});

it('draws, embeds and tunes nearly the same in float16', async () => {
  const [picture, half] = [await draw(CPU), await draw(CPU_HALF)];
  expect(worst(picture, half) * Math.max(...picture)).toBeLessThanOrEqual(8);
  expect(worst(await embed(CPU), await embed(CPU_HALF))).toBeLessThan(2e-2);
  const [expected, actual] = [await tune(CPU), await tune(CPU_HALF)];
  expect(worst(expected.curve, actual.curve)).toBeLessThan(2e-2);
  // Some of the rounding is real also where the runtime leaves casts out.
  expect(actual.curve).not.toEqual(expected.curve);
});
