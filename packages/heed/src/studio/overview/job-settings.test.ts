// The forms' settings come from the config's own schema: values, limits and choices.
import { expect, it } from 'vitest';
import { configSchema, METHOD_NAMES } from '../../config/index.ts';
import { JOB_KINDS } from '../jobs/job.ts';
import { jobSettings } from './job-settings.ts';

it('offers settings with their value now and their limits', () => {
  const settings = jobSettings(configSchema.parse({ tune: { steps: 77 } }));
  expect(Object.keys(settings)).toEqual(Object.keys(JOB_KINDS));
  expect(settings.tune.find(({ path }) => path === 'tune.steps')).toEqual({
    path: 'tune.steps',
    description: 'Optimizer updates; the paper makes 10,000.',
    value: 77,
    type: 'integer',
    minimum: 1,
  });
  expect(settings.tune[0]).toMatchObject({ path: 'tune.method', value: 'reward-weighted', choices: [...METHOD_NAMES] });
  expect(settings.generate.find(({ path }) => path === 'sample.sampler')).toMatchObject({
    type: 'string',
    value: 'dpmpp_2m',
    choices: expect.arrayContaining(['ddim', 'pndm']),
  });
  for (const { value, type } of Object.values(settings).flat()) {
    expect(['number', 'integer'].includes(type)).toBe(typeof value === 'number');
  }
});
