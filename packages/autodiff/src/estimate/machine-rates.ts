/** Measures this machine's speed for each kind of work by running small examples, for some seconds in total. */

import { compile } from '../compile.ts';
import { gradients } from '../gradient.ts';
import { attention } from '../ops/attention.ts';
import { conv2d } from '../ops/conv.ts';
import { add, mul } from '../ops/elementwise.ts';
import { matmul } from '../ops/matmul.ts';
import { sum } from '../ops/reduce.ts';
import { applyAdamW, type OptimizerState, sumAndNorm } from '../train/adamw.ts';
import type { GraphEstimate } from './estimate-graph.ts';
import type { TrainingStepEstimate } from './estimate-training-step.ts';

export interface MachineRates {
  /** Floating-point operations per second for each kind of work. */
  readonly flops: Readonly<Record<keyof GraphEstimate['flops'], number>>;
  /** Bytes per second that elementwise nodes read and write. */
  readonly elementwiseBytes: number;
  /** Parameters per second for which the CPU computes the gradient norm and the AdamW update. */
  readonly updates: number;
}

const OPTIMIZED_PARAMETERS = 2 ** 21;
/**
 * Number of repeats of each measurement. The fastest repeat is the result, because other load on the machine can only
 * slow a run down.
 */
const REPEATS = 4;

type Build = Parameters<typeof compile<string, string>>[0]['build'];

/**
 * Examples of each kind of work, with shapes from the middle of Stable Diffusion, large enough to make launch costs
 * negligible.
 */
const WORK: Readonly<
  Record<
    keyof GraphEstimate['flops'] | 'elementwise',
    { shapes: Record<string, readonly number[]>; build: Build; work: number }
  >
> = {
  convolution: {
    shapes: { x: [1, 320, 64, 64], w: [320, 320, 3, 3] },
    build: (_, { x, w }) => ({ y: sum(conv2d(x!, w!, undefined, { padding: 1 })) }),
    work: 2 * 4096 * 320 * 320 * 9,
  },
  matmul: {
    shapes: { a: [640, 1024], b: [5760, 1024] },
    build: (_, { a, b }) => ({ y: sum(matmul(a!, b!, { transB: true })) }),
    work: 2 * 640 * 1024 * 5760,
  },
  attention: {
    shapes: { q: [1, 4096, 80] },
    build: (_, { q }) => ({ y: sum(attention(q!, q!, q!, { heads: 2 })) }),
    work: 4 * 4096 * 4096 * 80,
  },
  elementwise: {
    shapes: { x: [1, 1280, 4096] },
    // A product and a sum forward, a product backward, as training does to activations.
    build: (_, { x }) => {
      const y = add(mul(x!, 0.5), 1);
      return { y: sum(y), slope: sum(gradients(sum(mul(y, x!)), [x!])[0]!) };
    },
    work: 4 * 1280 * 4096 * 14,
  },
};

/** Measures the rates; `threads` should be the number of threads of the training. */
export async function measureRates({ threads }: { threads?: number | undefined } = {}): Promise<MachineRates> {
  const rateOf = async (kind: keyof typeof WORK): Promise<number> => {
    const { shapes, build, work } = WORK[kind];
    const inputs = Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
    const fn = await compile<string, string>({
      name: `rate of ${kind}`,
      inputs,
      build,
      ...(threads === undefined ? {} : { threads }),
    });
    const feeds = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01),
      ]),
    );
    const seconds: number[] = [];
    for (let i = 0; i < REPEATS; i++) seconds.push(await secondsOf(() => fn.run(feeds)));
    fn.dispose();
    return work / Math.min(...seconds);
  };
  const flops = {
    convolution: await rateOf('convolution'),
    matmul: await rateOf('matmul'),
    attention: await rateOf('attention'),
  };
  return { flops, elementwiseBytes: await rateOf('elementwise'), updates: await updateRate() };
}

/**
 * Fraction of the measured rate that an operator reaches in a long training step, where operands are in memory, not in
 * caches. Without this factor, forecasts for Stable Diffusion 1.5 were 0.88 to 0.99 of the real time in three of four
 * steps (docs/full-size.md).
 */
const SUSTAINED_SHARE = 0.9;

/** Estimates the seconds of a training step on a machine with these rates. */
export function secondsOfStep({ work, trainedParameters }: TrainingStepEstimate, rates: MachineRates): number {
  const kinds = Object.keys(work.flops) as (keyof typeof work.flops)[];
  const products = kinds.reduce((total, kind) => total + work.flops[kind] / rates.flops[kind], 0);
  const others = work.elementwiseBytes / rates.elementwiseBytes + trainedParameters / rates.updates;
  return (products + others) / SUSTAINED_SHARE;
}

async function updateRate(): Promise<number> {
  const values = () =>
    new Map([['w', { shape: [OPTIMIZED_PARAMETERS], data: new Float32Array(OPTIMIZED_PARAMETERS) }]]);
  const state: OptimizerState = { step: 0, parameters: values(), firstMoment: values(), secondMoment: values() };
  const gradient = new Map([['w', new Float32Array(OPTIMIZED_PARAMETERS).fill(0.01)]]);
  const seconds: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    seconds.push(
      await secondsOf(async () => {
        sumAndNorm(gradient);
        applyAdamW(state, gradient, {}, { learningRate: 1e-5, gradientScale: 1 });
      }),
    );
  }
  return OPTIMIZED_PARAMETERS / Math.min(...seconds);
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
