/**
 * heed against PyTorch, diffusers and transformers: outputs, losses, gradients and optimizer steps on small random
 * networks. tools/reference/make_golden.py wrote the files beside this test; it is not run here.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  add,
  attention,
  compile,
  conv2d,
  createTrainingStep,
  describeParameters,
  gelu,
  gradients,
  groupNorm,
  type InputSpec,
  input,
  layerNorm,
  linear,
  meanSquaredError,
  mul,
  type ParameterScope,
  type ParameterValues,
  sum,
  type Tensor,
} from '@heed/autodiff';
import { expect, test } from 'vitest';
import { parseClipConfig } from '../configs/clip-config.ts';
import { parseUnetConfig } from '../configs/unet-config.ts';
import { parseVaeConfig } from '../configs/vae-config.ts';
import { clipImageEmbeds, clipTextEmbeds } from '../models/clip.ts';
import { unet } from '../models/unet/unet.ts';
import { vaeDecode, vaeEncode } from '../models/vae.ts';
import { readSafetensors, type SafetensorsTensor } from '../safetensors/read-safetensors.ts';

type Tensors = ReadonlyMap<string, SafetensorsTensor>;
type Inputs = Record<string, Tensor>;

/**
 * Of the reference's largest magnitude. Measured: 1e-6 for the outputs of U-Net and VAE, 3e-6 for the gradients of
 * `unet`.
 */
const TOLERANCE = 1e-4;

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const readTensors = async (name: string): Promise<Tensors> =>
  (await readSafetensors(path(`${name}.safetensors`))).tensors;
const readConfig = async (name: string): Promise<unknown> => JSON.parse(await readFile(path(`${name}.json`), 'utf8'));

/** The tensors under `prefix.`, without it. */
function under(tensors: Tensors, prefix: string): Map<string, SafetensorsTensor> {
  const inside = [...tensors].filter(([name]) => name.startsWith(`${prefix}.`));
  return new Map(inside.map(([name, tensor]) => [name.slice(prefix.length + 1), tensor]));
}

const copies = (tensors: Tensors): ParameterValues =>
  new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));

/** max |a - b| / (max |b| + 1e-6); infinite where the lengths differ. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length || actual.length === 0) return Number.POSITIVE_INFINITY;
  let error = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    error = difference <= error ? error : difference;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return error / (largest + 1e-6);
}

/** Checks each of the reference's tensors and says which of them are off. */
function expectClose(actual: ReadonlyMap<string, ArrayLike<number>>, expected: ReadonlyMap<string, ArrayLike<number>>) {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  const errors = [...expected].map(([name, values]) => ({ name, error: relativeError(actual.get(name)!, values) }));
  if (process.env.HEED_GOLDEN_ERRORS) {
    const worst = errors.reduce((a, b) => (b.error > a.error ? b : a));
    console.log(`${expect.getState().currentTestName}: ${errors.length} tensors, worst ${worst.name} ${worst.error}`);
  }
  expect(errors.filter(({ error }) => !(error <= TOLERANCE))).toEqual([]);
}

const arrays = (tensors: Tensors) => new Map([...tensors].map(([name, { data }]) => [name, data]));

/** A softmax does not see a constant on all its scores: this gradient is zero, and its digits are rounding. */
const isKeyBias = (name: string) => /\.(to_k|k_proj)\.bias$/.test(name);

/** Outputs, loss and the gradient of every parameter, twice: with the weights baked in and with the training graph. */
async function checkModel({
  name,
  int64 = [],
  build,
}: {
  name: string;
  int64?: readonly string[];
  build: (p: ParameterScope, x: Inputs) => Record<string, Tensor>;
}): Promise<void> {
  const tensors = await readTensors(name);
  const given = under(tensors, 'input');
  const targets = under(tensors, 'target');
  const slopes = under(tensors, 'gradient');
  const parameters = copies(under(tensors, 'weight'));

  const feeds: Record<string, Float32Array | BigInt64Array> = {};
  const inputs: Record<string, InputSpec> = {};
  for (const [key, { shape, data }] of given) {
    const integer = int64.includes(key);
    inputs[key] = { shape, dtype: integer ? 'int64' : 'float32' };
    feeds[key] = integer ? BigInt64Array.from([...data].map(BigInt)) : data;
  }
  const run = async (liveParameters: boolean, outputs: (p: ParameterScope, x: Inputs) => Record<string, Tensor>) => {
    const compiled = await compile({ name, inputs, parameters, build: outputs, liveParameters, threads: 1 });
    const result = new Map(Object.entries(await compiled.run(feeds)));
    compiled.dispose();
    return result;
  };
  expectClose(await run(false, build), arrays(under(tensors, 'output')));

  for (const [key, { shape, data }] of targets) {
    inputs[`target.${key}`] = { shape };
    feeds[`target.${key}`] = data;
  }
  const traced = Object.fromEntries(Object.entries(inputs).map(([k, { shape, dtype }]) => [k, input(k, shape, dtype)]));
  const specs = describeParameters((p) => build(p, traced));
  expect(specs.map((spec) => spec.name).sort()).toEqual([...slopes.keys()].sort());

  const trained = await run(true, (p, x) => {
    const losses = Object.entries(build(p, x)).map(([key, y]) => meanSquaredError(y, x[`target.${key}`]!));
    const loss = losses.reduce((total, one) => add(total, one));
    const wanted = specs.map((spec) => p.get(spec.name, spec.shape));
    const found = gradients(loss, wanted);
    return { loss, ...Object.fromEntries(specs.map((spec, i) => [spec.name, found[i]!])) };
  });
  for (const key of [...slopes.keys()].filter(isKeyBias)) {
    expect(Math.max(...trained.get(key)!.map(Math.abs))).toBeLessThan(1e-6);
    trained.delete(key);
    slopes.delete(key);
  }
  expectClose(trained, arrays(new Map([...slopes, ['loss', tensors.get('loss')!]])));
}

test.each([
  { name: 'unet', recompute: false },
  { name: 'unet', recompute: true },
  { name: 'unet-linear', recompute: false },
  { name: 'unet-blocks', recompute: false },
])('diffusers UNet2DConditionModel: $name, recompute $recompute', async ({ name, recompute }) => {
  const config = parseUnetConfig(await readConfig(name));
  await checkModel({
    name,
    build: (p, x) => {
      const inputs = { sample: x.sample!, timestep: x.timestep!, encoderHiddenStates: x.encoderHiddenStates! };
      return { prediction: unet(p, config, inputs, { recompute }) };
    },
  });
});

test('diffusers AutoencoderKL', async () => {
  const config = parseVaeConfig(await readConfig('vae'));
  await checkModel({
    name: 'vae',
    build: (p, x) => ({
      ...vaeEncode(p, config, { pixels: x.pixels! }),
      decoded: vaeDecode(p, config, { latents: x.latents! }),
    }),
  });
});

test('transformers CLIPModel', async () => {
  const config = parseClipConfig(await readConfig('clip'));
  await checkModel({
    name: 'clip',
    int64: ['inputIds', 'eosIndex'],
    build: (p, x) => ({
      textEmbeds: clipTextEmbeds(p, config, { inputIds: x.inputIds!, eosIndex: x.eosIndex! }),
      imageEmbeds: clipImageEmbeds(p, config, { pixelValues: x.pixelValues! }),
    }),
  });
});

test('torch AdamW after clip_grad_norm_', async () => {
  const tensors = await readTensors('adamw');
  const { learningRate, ...optimizer } = (await readConfig('adamw')) as Record<string, number> & {
    learningRate: number;
  };
  const { x, y } = Object.fromEntries(under(tensors, 'input')) as Record<'x' | 'y', SafetensorsTensor>;
  const training = await createTrainingStep({
    name: 'adamw',
    inputs: { x: { shape: x.shape }, y: { shape: y.shape } },
    parameters: copies(under(tensors, 'weight')),
    loss: (p, fed) => ({ loss: meanSquaredError(linear(fed.x, p.get('weight', [3, 4]), p.get('bias', [3])), fed.y) }),
    optimizer,
    threads: 1,
  });
  for (const step of [1, 2, 3]) {
    const { loss, gradientNorm } = await training.step({ x: x.data, y: y.data }, { learningRate });
    const { parameters, firstMoment, secondMoment } = training.state;
    const found = new Map<string, ArrayLike<number>>([
      ['loss', [loss]],
      ['gradientNorm', [gradientNorm]],
    ]);
    for (const key of ['weight', 'bias']) {
      found.set(key, parameters.get(key)!.data);
      found.set(`firstMoment.${key}`, firstMoment.get(key)!.data);
      found.set(`secondMoment.${key}`, secondMoment.get(key)!.data);
    }
    expect(gradientNorm).toBeGreaterThan(optimizer.maxGradientNorm!);
    expectClose(found, arrays(under(tensors, `step${step}`)));
  }
  training.dispose();
});

const OPS: Record<string, (...inputs: [Tensor, Tensor, Tensor]) => Tensor> = {
  groupNorm: (x, gamma, beta) => groupNorm(x, gamma, beta, { groups: 4 }),
  layerNorm: (x, gamma, beta) => layerNorm(x, gamma, beta),
  attention: (q, k, v) => attention(q, k, v, { heads: 2 }),
  causalAttention: (q, k, v) => attention(q, k, v, { heads: 2, causal: true }),
  conv2dStride2: (x, w, b) => conv2d(x, w, b, { stride: 2, padding: [0, 0, 1, 1] }),
  conv2dStride2Large: (x, w, b) => conv2d(x, w, b, { stride: 2, padding: [0, 0, 1, 1] }),
  conv2dSame: (x, w, b) => conv2d(x, w, b, { padding: 1 }),
  gelu: (x) => gelu(x),
};

test.each(Object.keys(OPS))('torch %s, forward and backward', async (name) => {
  const tensors = under(await readTensors('ops'), name);
  const cotangent = tensors.get('cotangent')!;
  const given = [...under(tensors, 'in')].sort(([a], [b]) => Number(a) - Number(b));
  const feeds = Object.fromEntries([...given, ['cotangent', cotangent] as const].map(([k, { data }]) => [k, data]));
  const shapes = Object.fromEntries(
    [...given, ['cotangent', cotangent] as const].map(([k, { shape }]) => [k, { shape }]),
  );
  const compiled = await compile({
    name,
    inputs: shapes,
    threads: 1,
    build: (_, x) => {
      const xs = given.map(([key]) => x[key]!);
      const output = OPS[name]!(...(xs as [Tensor, Tensor, Tensor]));
      const found = gradients(sum(mul(output, x.cotangent!)), xs);
      return { output, ...Object.fromEntries(found.map((slope, i) => [`gradient.${i}`, slope])) };
    },
  });
  const results = new Map(Object.entries(await compiled.run(feeds)));
  compiled.dispose();
  expectClose(
    results,
    arrays(new Map([...tensors].filter(([key]) => key === 'output' || key.startsWith('gradient.')))),
  );
});
