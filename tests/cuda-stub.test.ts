/**
 * The real CUDA provider on stub libraries (`npm run test:cuda-stub`): that it takes every node of heed's graphs and
 * copies nothing between host and device within a graph, and how many kernels it starts. They compute nothing there.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import koffi from 'koffi';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel } from '../packages/autodiff/src/onnx/encode.ts';
import { createSession } from '../packages/autodiff/src/runtime/index.ts';
import { chooseDevice, createTrainingStep, mean } from '../packages/diffusion/src/autodiff.ts';
import { denoisingLossPerSample, loadClip, loadComponent, loadPipeline } from '../packages/diffusion/src/index.ts';
import { type StepOptions, stepGraphs } from '../tools/step-graphs.ts';

const models = (name: string) => fileURLToPath(new URL(`../packages/tiny-sd/models/${name}`, import.meta.url));
const BATCH = 16;
const PRECISIONS = ['float32', 'float16'] as const;

/** Counters of the stubs, by library. */
const COUNTERS = {
  'libcudart.so.13': 'heed_stub_launches',
  'libcublas.so.13': 'heed_stub_cublas_calls',
  'libcublasLt.so.13': 'heed_stub_cublaslt_calls',
  'libcudnn.so.9': 'heed_stub_cudnn_calls',
} as const;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'heed-cuda-stub-'));
  process.env.HEED_STRICT_DEVICE = '1';
});
afterAll(() => {
  delete process.env.HEED_STRICT_DEVICE;
  rmSync(folder, { recursive: true });
});

/** Kernels, and calls of NVIDIA's libraries that start some, so far. */
function launches(): number {
  return Object.entries(COUNTERS).reduce(
    (total, [library, counter]) => total + Number(koffi.load(library).func(counter, 'long', [])()),
    0,
  );
}

/** What `work` starts. */
async function launchesOf(work: () => Promise<unknown>): Promise<number> {
  const before = launches();
  await work();
  return launches() - before;
}

function tell(what: string, count: number): void {
  console.log(`stub CUDA, ${what}: ${count} launches`);
}

it('auto takes CUDA and says what was found', async () => {
  const { device, why } = await chooseDevice();
  expect(device).toBe('cuda');
  expect(why).toBe(`1 NVIDIA GPU, a driver for CUDA 13.0, CUDA's files in ${process.env.HEED_CUDA}`);
});

describe.each(PRECISIONS)('in %s', (precision) => {
  const place = { device: 'cuda', precision } as const;

  it('an update of the tiny model starts at most 2,500 kernels in float32', async () => {
    const unet = await loadComponent(models('tiny-sd'), 'unet');
    const { in_channels: channels, sample_size: side, cross_attention_dim: width } = unet.config;
    const latents = { shape: [BATCH, channels, side!, side!] };
    const inputs = {
      noisyLatents: latents,
      target: latents,
      timestep: { shape: [BATCH] },
      encoderHiddenStates: { shape: [BATCH, 24, width] },
    };
    const training = await createTrainingStep({
      name: 'tiny',
      inputs,
      parameters: unet.parameters,
      loss: (p, x) => ({ loss: mean(denoisingLossPerSample(p, unet.config, x)) }),
      // What the stub computes is no number.
      skipsNotFinite: true,
      ...place,
    });
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape }]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
    ) as Record<keyof typeof inputs, Float32Array>;
    const update = () => training.step(feeds, { learningRate: 1e-5 });
    await update();
    const count = await launchesOf(update);
    tell(`an update of the tiny model in ${precision}, batch ${BATCH}`, count);
    expect(count).toBeGreaterThan(1000);
    if (precision === 'float32') expect(count).toBeLessThanOrEqual(2500);
    training.dispose();
  });

  it('graphs of a step hold no copy between host and device', async () => {
    const options: StepOptions = { model: 'tiny', batch: BATCH, ...place };
    for (const [name, graph] of Object.entries(await stepGraphs(options))) {
      const path = join(folder, `${name}-${precision}.onnx`);
      using session = await createSession(encodeModel(graph!), { device: 'cuda', optimizedModelPath: path });
      expect(session.device).toBe('cuda');
      expect(readFileSync(path).includes('Memcpy'), name).toBe(false);
    }
  });

  it('sampling and CLIP run there whole', async () => {
    await using pipeline = await loadPipeline(models('tiny-sd'), place);
    const draw = () => pipeline.generate({ prompts: ['a dog'], seeds: [1], steps: 2, sampler: 'ddim' });
    await draw();
    tell(`an image in 2 steps in ${precision}`, await launchesOf(draw));
    await using clip = await loadClip(models('clip'), place);
    const embed = () => clip.embedTexts(['a dog']);
    await embed();
    tell(`a text's embedding in ${precision}`, await launchesOf(embed));
  });
});
