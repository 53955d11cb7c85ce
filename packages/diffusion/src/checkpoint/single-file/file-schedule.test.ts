import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSchedulerConfig } from '../../configs/scheduler-config.ts';
import { createSchedule } from '../../schedule/noise-schedule.ts';
import { readSchedule, SCHEDULER_1X, scheduleMarks } from './file-schedule.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-schedule-'));
});
afterAll(() => rm(root, { recursive: true }));

const read = (names: string[], metadata: Record<string, string> = {}) =>
  readSchedule({ path: join(root, 'model.safetensors'), tensors: new Map(names.map((name) => [name, 0])), metadata });

describe('marks of other programs', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['none', [], {}],
    ['a name that only looks like one', ['model.diffusion_model.v_pred_head.weight'], {}],
    ['modelspec.prediction_type epsilon', [], { 'modelspec.prediction_type': 'epsilon' }],
    ['a ztsnr without v_pred, as ComfyUI takes it', ['ztsnr'], {}],
    ['a value that nobody writes', [], { 'modelspec.predict_key': 'x0' }],
  ])('%s: noise', async (_, names, metadata) => {
    expect(await read(names, metadata)).toEqual(SCHEDULER_1X);
  });

  test.each<[string, string[], Record<string, string>]>([
    ['the tensor v_pred', ['v_pred'], {}],
    ['the tensor under a prefix', ['model.diffusion_model.v_pred'], {}],
    ['modelspec.predict_key', [], { 'modelspec.predict_key': 'v' }],
    ['modelspec.prediction_type', [], { 'modelspec.prediction_type': 'v' }],
    ['the name of diffusers', [], { 'modelspec.prediction_type': 'v_prediction' }],
    ['a tensor against the metadata', ['v_pred'], { 'modelspec.prediction_type': 'epsilon' }],
  ])('%s: velocity', async (_, names, metadata) => {
    expect(await read(names, metadata)).toEqual({ ...SCHEDULER_1X, prediction_type: 'v_prediction' });
  });

  test('v_pred and ztsnr: velocity from pure noise on', async () => {
    const scheduler = await read(['v_pred', 'ztsnr']);
    expect(scheduler).toMatchObject({
      _class_name: 'DDIMScheduler',
      prediction_type: 'v_prediction',
      rescale_betas_zero_snr: true,
      timestep_spacing: 'trailing',
    });
    expect(createSchedule(scheduler).alphasCumprod.at(-1)).toBe(0);
  });

  test.each([
    ['model:\n  params:\n    parameterization: "v"\n', 'v_prediction'],
    ['model:\n  params:\n    parameterization: v # of Stable Diffusion 2\n', 'v_prediction'],
    ['model:\n  params:\n    parameterization: "eps"\n', 'epsilon'],
    ['model:\n  params:\n    # parameterization: "v"\n', 'v_prediction'],
  ])('a .yaml file beside it counts most: %j', async (text, expected) => {
    await writeFile(join(root, 'beside.yaml'), text);
    const found = await readSchedule({
      path: join(root, 'beside.safetensors'),
      tensors: new Map([['v_pred', 0]]),
      metadata: {},
    });
    expect(found.prediction_type).toBe(expected);
  });
});

describe("heed's own marks", () => {
  const schedulers = [
    { ...SCHEDULER_1X },
    parseSchedulerConfig({ ...SCHEDULER_1X, prediction_type: 'v_prediction', timestep_spacing: 'trailing' }),
    parseSchedulerConfig({
      _class_name: 'DPMSolverMultistepScheduler',
      beta_schedule: 'squaredcos_cap_v2',
      prediction_type: 'v_prediction',
      rescale_betas_zero_snr: true,
      timestep_spacing: 'linspace',
      lambda_min_clipped: Number.NEGATIVE_INFINITY,
    }),
  ];

  test.each(schedulers)('bring the whole schedule back: $_class_name', async (scheduler) => {
    const { metadata, tensors } = scheduleMarks(scheduler);
    expect(await read(tensors, metadata)).toEqual(scheduler);
  });

  test('say the same as those of other programs', () => {
    const [noise, velocity, zeroSnr] = schedulers.map(scheduleMarks);
    expect(noise).toMatchObject({ tensors: [], metadata: { 'modelspec.prediction_type': 'epsilon' } });
    expect(velocity).toMatchObject({ tensors: ['v_pred'], metadata: { 'modelspec.predict_key': 'v' } });
    expect(zeroSnr!.tensors).toEqual(['v_pred', 'ztsnr']);
  });

  test('count no more where another program has changed the others, or they are damaged', async () => {
    const { metadata } = scheduleMarks(SCHEDULER_1X);
    const changed = { ...metadata, 'modelspec.prediction_type': 'v', 'modelspec.predict_key': 'v' };
    expect((await read([], changed)).prediction_type).toBe('v_prediction');
    expect(await read([], { 'heed.scheduler': '{"beta_start": 7}' })).toEqual(SCHEDULER_1X);
    expect(await read([], { 'heed.scheduler': '{' })).toEqual(SCHEDULER_1X);
  });
});
