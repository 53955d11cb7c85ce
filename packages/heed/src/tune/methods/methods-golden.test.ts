/**
 * Losses, metrics and gradients of every method against PyTorch, through a real U-Net, with all weights and with a
 * LoRA. tools/reference/make_methods.py wrote the numbers; it is not run here.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { initializeLora, parseUnetConfig, readSafetensors } from '@heed/diffusion';
import { compile, createRandom, gradients, type ParameterValues, type Tensor } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { METHOD_NAMES, type MethodName } from '../../config/index.ts';
import { lossOf } from '../networks.ts';
import type { TuneOptions } from '../options.ts';
import { exampleTuneOptions } from '../testing/example-options.ts';
import { trainedWeights } from '../trained-weights.ts';
import { TUNING_METHODS } from './index.ts';

const GOLDEN = new URL('../../../../diffusion/src/golden/', import.meta.url);
const TOLERANCE = 1e-5;
const MODEL = 4;
const LORA = { rank: 2, alpha: 3, layers: 'attention' } as const;

interface Case {
  method: MethodName;
  settings: Record<string, unknown>;
  beta: number;
  lora: boolean;
  losses: Record<string, number>;
  /** Norm of each parameter's gradient and its product with `wave`, in the order of the names. */
  gradients: [norm: number, projection: number][];
}
const cases: Case[] = JSON.parse(await readFile(new URL('golden/methods.json', import.meta.url), 'utf8'));
const { tensors } = await readSafetensors(fileURLToPath(new URL('unet-linear.safetensors', GOLDEN)));
const unetConfig = parseUnetConfig(JSON.parse(await readFile(new URL('unet-linear.json', GOLDEN), 'utf8')), 'golden');

/** scale * cos(0.7 i + phase). */
const wave = (count: number, scale: number, phase: number) =>
  Float32Array.from({ length: count }, (_, i) => scale * Math.cos(0.7 * i + phase));
const byName = <T>(values: Map<string, T>) => [...values].sort(([a], [b]) => (a < b ? -1 : 1));

function baseWeights(): ParameterValues {
  const weights = [...tensors].filter(([name]) => name.startsWith('weight.'));
  return new Map(weights.map(([name, { shape, data }]) => [name.slice(7), { shape, data: data.slice() }]));
}

/** The weights that the loss reads: what was trained has moved, the reference has not. */
function movedWeights({ lora, hasReference }: { lora: boolean; hasReference: boolean }) {
  const base = baseWeights();
  const weights = trainedWeights(base, unetConfig, { lora: lora ? LORA : undefined, seed: 0, hasReference });
  for (const [index, [name, { data }]] of byName(weights.trained).entries()) {
    if (!lora) {
      const move = wave(data.length, 0.02, 0.3 * index);
      for (let i = 0; i < data.length; i++) data[i]! += move[i]!;
    } else data.set(name.endsWith('lora_down.weight') ? wave(data.length, 0.3, 0.2) : wave(data.length, 0.2, 0.9));
  }
  return weights;
}

function feedsOf(total: number, { method, settings }: Case): Record<string, Float32Array> {
  const size = 4 * 8 * 8;
  const target = wave(total * size, 1.2, 0.1);
  target.copyWithin((MODEL / 2) * size, 0, (MODEL / 2) * size);
  const good = Math.round((settings.goodShare as number) * MODEL);
  const own: Partial<Record<MethodName, Record<string, Float32Array>>> = {
    'reward-weighted': { sampleWeights: Float32Array.of(1, 0.25, 0, 0.6) },
    nft: { sampleWeights: Float32Array.of(1, -1, 0.5, 0) },
    kto: { signs: Float32Array.from({ length: MODEL }, (_, i) => (i < good ? 1 : -1)) },
  };
  return {
    noisyLatents: wave(total * size, 0.9, 1.7).map((value, i) => value + 0.5 * target[i]!),
    timestep: Float32Array.of(731, 520, 731, 520, 12, 340, 905, 77).slice(0, total),
    target,
    encoderHiddenStates: wave(total * 5 * 16, 1.1, 0.6),
    timestepWeights: Float32Array.of(1, 0.75, 1, 0.75, 0.5, 1, 1, 0.25).slice(0, total),
    ...own[method],
  };
}

test('there is a case for every method, one of them with all weights', () => {
  for (const name of METHOD_NAMES) expect(cases.some(({ method, lora }) => method === name && !lora)).toBe(true);
  for (const name of ['dpo', 'nft', 'kto'])
    expect(cases.some(({ method, lora }) => method === name && lora)).toBe(true);
});

test.each(cases)('$method, $settings, pre-training $beta, LoRA $lora', async (golden) => {
  const { method: name, settings, beta, lora } = golden;
  const method = TUNING_METHODS[name];
  const options: TuneOptions = {
    ...exampleTuneOptions,
    method: name,
    settings,
    beta,
    batchSize: MODEL,
    streams: { labelled: true, unlabelled: true, pretraining: beta > 0 },
    lora: lora ? LORA : undefined,
  };
  const weights = movedWeights({ lora, hasReference: method.needs(options).reference });
  const pretrainingCount = beta > 0 ? MODEL : 0;
  const trained = byName(weights.trained);
  const compiled = await compile({
    name,
    inputs: method.specs({ modelCount: MODEL, pretrainingCount, latentShape: [4, 8, 8], textShape: [5, 16] }),
    parameters: weights.all,
    liveParameters: true,
    threads: 1,
    build: (p, x): Record<string, Tensor> => {
      const losses = lossOf(method, { unetConfig, options })(p, x);
      const slopes = gradients(
        losses.loss,
        trained.map(([key, { shape }]) => p.get(key, shape)),
      );
      return { ...losses, ...Object.fromEntries(trained.map(([key], i) => [`gradient ${key}`, slopes[i]!])) };
    },
  });
  const result: Record<string, Float32Array> = await compiled.run(feedsOf(MODEL + pretrainingCount, golden));
  compiled.dispose();

  for (const [key, value] of Object.entries(golden.losses)) {
    expect(Math.abs(result[key]![0]! - value), key).toBeLessThan(TOLERANCE * Math.max(1, Math.abs(value)));
  }
  const globalNorm = Math.hypot(...golden.gradients.map(([norm]) => norm));
  expect(trained.length).toBe(golden.gradients.length);
  for (const [i, [key]] of trained.entries()) {
    const slope = result[`gradient ${key}`]!;
    const [norm, projection] = golden.gradients[i]!;
    const direction = wave(slope.length, 1, 0);
    const bound = TOLERANCE * Math.max(globalNorm, Math.abs(projection));
    expect(Math.abs(Math.hypot(...slope) - norm), `norm of ${key}`).toBeLessThan(bound);
    const product = slope.reduce((total, value, j) => total + value * direction[j]!, 0);
    expect(Math.abs(product - projection), `projection of ${key}`).toBeLessThan(bound);
  }
});

test('before the first update the reference predicts what the trained network does', () => {
  const weights = trainedWeights(baseWeights(), unetConfig, { lora: undefined, seed: 0, hasReference: true });
  for (const [name, { data }] of weights.trained) {
    const copy = weights.all.get(`reference.${name}`)!;
    expect(copy.data).toEqual(data);
    expect(copy.data).not.toBe(data);
    expect([weights.isTrained(name), weights.isTrained(`reference.${name}`)]).toEqual([true, false]);
  }
  const factors = initializeLora(unetConfig, LORA, createRandom(0));
  const low = trainedWeights(baseWeights(), unetConfig, { lora: LORA, seed: 0, hasReference: true });
  expect([...low.all.keys()].filter((name) => name.startsWith('reference.'))).toEqual([]);
  expect([...low.trained.keys()].sort()).toEqual([...factors.keys()].sort());
});
