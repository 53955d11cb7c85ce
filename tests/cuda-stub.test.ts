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
import {
  chooseDevice,
  createTrainingStep,
  mean,
  type TrainingStepOptions,
} from '../packages/diffusion/src/autodiff.ts';
import { denoisingLossPerSample, loadClip, loadComponent, loadPipeline } from '../packages/diffusion/src/index.ts';
import { type StepOptions, stepGraphs } from '../tools/step-graphs.ts';

const models = (name: string) => fileURLToPath(new URL(`../packages/tiny-sd/models/${name}`, import.meta.url));
const BATCH = 16;
const REPEATS = 5;
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

/** An update of the tiny model. */
async function tinyUpdate(place: Pick<TrainingStepOptions<string>, 'device' | 'precision' | 'captureGraph'>) {
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
    onCaptureRefused(sentence) {
      throw new Error(sentence);
    },
    ...place,
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape }]) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
  ) as Record<keyof typeof inputs, Float32Array>;
  return { training, update: () => training.step(feeds, { learningRate: 1e-5 }) };
}

/** A counter of CUDA's runtime. */
function counter(name: string): () => number {
  const read = koffi.load('libcudart.so.13').func(name, 'long', []);
  return () => Number(read());
}

/** The shortest of REPEATS calls. */
async function leastMilliseconds(work: () => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return Math.min(...times).toFixed(2);
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
    const { training, update } = await tinyUpdate(place);
    await update();
    const count = await launchesOf(update);
    console.log(`stub CUDA, such an update: ${await leastMilliseconds(update)} ms of the host`);
    tell(`an update of the tiny model in ${precision}, batch ${BATCH}`, count);
    expect(count).toBeGreaterThan(1000);
    if (precision === 'float32') expect(count).toBeLessThanOrEqual(2500);
    training.dispose();
  });

  it('replays an update as captured graphs, and starts no kernel itself', async () => {
    const { training, update } = await tinyUpdate({ ...place, captureGraph: true });
    const [captures, replays] = [counter('heed_stub_captures'), counter('heed_stub_replays')];
    expect(captures()).toBeGreaterThan(0);
    const [capturesBefore, replaysBefore] = [captures(), replays()];
    let milliseconds = '';
    const count = await launchesOf(async () => {
      milliseconds = await leastMilliseconds(update);
    });
    expect(count).toBe(0);
    expect(captures()).toBe(capturesBefore);
    // The step's graph and the optimizer's.
    expect(replays() - replaysBefore).toBe(REPEATS * 2);
    console.log(`stub CUDA, a replayed update in ${precision}: ${milliseconds} ms of the host`);
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
