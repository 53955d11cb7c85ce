// Every method in the training loop: a run that is stopped and resumed comes to the bits of one that was not.
import { expect, test } from 'vitest';
import { METHOD_NAMES, METHOD_SECTIONS, type MethodName, SECTION_OF_METHOD } from '../../config/index.ts';
import type { TuneOptions } from '../options.ts';
import { bits, smallTraining } from '../testing/small-training.ts';
import { trainModel } from '../train.ts';

const settingsOf = (method: MethodName) => {
  const section = SECTION_OF_METHOD[method];
  return section === undefined ? {} : METHOD_SECTIONS[section].parse({});
};
const LORA = { rank: 2, alpha: 4, layers: 'attention' } as const;
const divisions: [name: string, Partial<TuneOptions>][] = [
  ['all weights', {}],
  [
    'a LoRA and pre-training pairs',
    { lora: LORA, beta: 0.5, streams: { labelled: true, unlabelled: true, pretraining: true } },
  ],
  ['replicas and accumulation', { replicas: 2, accumulation: 2, batchSize: 4 }],
];
const cases = METHOD_NAMES.flatMap((method) => divisions.map(([name, options]) => ({ method, name, options })));

test.each(cases)('$method, $name, resumes to the same bits', { timeout: 120_000 }, async ({ method, options }) => {
  const given: Partial<TuneOptions> = {
    method,
    settings: settingsOf(method),
    beta: 0,
    streams: { labelled: true, unlabelled: true, pretraining: false },
    batchSize: 2,
    steps: 4,
    warmupSteps: 0,
    sampleEverySteps: 0,
    ...options,
  };
  const whole = await smallTraining(given);
  const before = bits(whole.parameters);
  const straight = await trainModel(whole);
  expect(bits(straight.parameters)).not.toBe(before);

  const stop = new AbortController();
  const first = await smallTraining(given);
  const interrupted = trainModel({
    ...first,
    signal: stop.signal,
    onStep: async (step, metrics) => {
      first.log.push(metrics);
      if (step === 3) stop.abort();
    },
  });
  await expect(interrupted).rejects.toMatchObject({ name: 'AbortError' });
  const second = await smallTraining(given);
  const resumed = await trainModel({ ...second, checkpointFolder: first.checkpointFolder });
  expect([...first.log, ...second.log]).toEqual(whole.log);
  expect(bits(resumed.parameters)).toBe(bits(straight.parameters));
  for (const metrics of whole.log) for (const value of Object.values(metrics)) expect(value).toSatisfy(Number.isFinite);
});

test.each(['dpo', 'kto', 'nft'] as const)('%s learns what it is to learn from one batch', async (method) => {
  const run = await smallTraining({
    method,
    settings: settingsOf(method),
    beta: 0,
    streams: { labelled: true, unlabelled: true, pretraining: false },
    batchSize: 4,
    steps: 30,
    warmupSteps: 0,
    learningRate: 3e-4,
    schedule: 'constant',
    sampleEverySteps: 0,
    checkpointEverySteps: 100,
  });
  const [only] = [await run.batches.at(0)];
  run.batches.at = async () => only;
  await trainModel(run);
  const [first, last] = [run.log[0]!, run.log.at(-1)!];
  expect(last.loss).toBeLessThan(first.loss!);
  // Before the first update the model is the reference.
  if (method === 'dpo') {
    expect(first).toMatchObject({ margin: 0, pairAccuracy: 0, winnerDrift: 0, loserDrift: 0 });
    expect(first.preferenceLoss).toBeCloseTo(Math.LN2, 6);
    expect(last).toMatchObject({ pairAccuracy: 1 });
    expect(last.margin).toBeGreaterThan(0);
  }
  if (method === 'kto') {
    expect(first).toMatchObject({ preferenceLoss: 0.5, baseline: 0, goodDrift: 0, badDrift: 0 });
    expect(last.goodDrift).toBeLessThan(last.badDrift!);
  }
  if (method === 'nft') {
    expect(first.referenceDistance).toBe(0);
    expect(last.referenceDistance).toBeGreaterThan(0);
  }
});
