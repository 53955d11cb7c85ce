/**
 * CUDA on a GPU beside the processor (`HEED_TEST_CUDA=1 npx vitest run tests/cuda.test.ts`): every row of the op table
 * with its gradient, and some updates of the tiny model. HEED_TEST_DEVICE names another device.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileCase, OP_CASES } from '../packages/autodiff/src/testing/op-cases.ts';
import { createRandom, createTrainingStep, type Device, mean } from '../packages/diffusion/src/autodiff.ts';
import { denoisingLossPerSample, loadComponent } from '../packages/diffusion/src/index.ts';

const SEED = 5;
/** Relative to the largest value: float32 sums in another order. */
const TOLERANCE = 5e-5;
const BATCH = 4;
const DEVICE = (process.env.HEED_TEST_DEVICE ?? 'cuda') as Device;

async function resultsOn(name: string, device: Device): Promise<Record<string, Float32Array>> {
  const { fn, feeds } = await compileCase(OP_CASES[name]!, { seed: SEED, device });
  try {
    return await fn.run(feeds);
  } finally {
    fn.dispose();
  }
}

function worstOf(expected: Float32Array, actual: Float32Array): number {
  const largest = expected.reduce((max, v) => Math.max(max, Math.abs(v)), 1);
  return expected.reduce((max, v, i) => Math.max(max, Math.abs(v - actual[i]!)), 0) / largest;
}

describe(`the op table on ${DEVICE}`, () => {
  it.for(Object.keys(OP_CASES))('%s', async (name) => {
    const [expected, actual] = [await resultsOn(name, 'cpu'), await resultsOn(name, DEVICE)];
    for (const [key, values] of Object.entries(expected)) {
      expect(worstOf(values, actual[key]!), `${name}, ${key}`).toBeLessThan(TOLERANCE);
    }
  });
});

describe('the tiny model', () => {
  async function updates(device: Device, precision: 'float32' | 'float16', captureGraph = false) {
    const unet = await loadComponent(
      fileURLToPath(new URL('../packages/tiny-sd/models/tiny-sd', import.meta.url)),
      'unet',
    );
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
      device,
      precision,
      captureGraph,
      onCaptureRefused(sentence) {
        throw new Error(sentence);
      },
    });
    const random = createRandom(1);
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape }]) => [
        name,
        random.fillNormal(new Float32Array(shape.reduce((a, b) => a * b, 1))),
      ]),
    ) as Record<keyof typeof inputs, Float32Array>;
    feeds.timestep.fill(300);
    const curve: number[] = [];
    for (let i = 0; i < 3; i++) {
      const { loss, gradientNorm } = await training.step(feeds, { learningRate: 5e-5 });
      curve.push(loss, gradientNorm);
    }
    const state = await training.fetchState();
    training.dispose();
    return { curve, weight: state.parameters.get('conv_in.weight')!.data };
  }

  it.each([
    ['float32', 1e-4],
    ['float16', 2e-2],
  ] as const)('follows the loss curve of the processor in %s', async (precision, tolerance) => {
    const [expected, actual] = [await updates('cpu', 'float32'), await updates(DEVICE, precision)];
    actual.curve.forEach((value, i) => {
      expect(Math.abs(value - expected.curve[i]!) / Math.abs(expected.curve[i]!)).toBeLessThan(tolerance);
    });
    expect(worstOf(expected.weight, actual.weight)).toBeLessThan(tolerance);
  });

  it.each(['float32', 'float16'] as const)('gives the same by captured graphs in %s', async (precision) => {
    const [expected, actual] = [await updates(DEVICE, precision), await updates(DEVICE, precision, true)];
    actual.curve.forEach((value, i) => {
      expect(Math.abs(value - expected.curve[i]!) / Math.abs(expected.curve[i]!)).toBeLessThan(1e-4);
    });
    expect(worstOf(expected.weight, actual.weight)).toBeLessThan(1e-4);
  });
});
