/**
 * The few settings that a page offers before it starts a command, each with its current value and its allowed values.
 */
import { z } from 'zod';
import { configSections, type HeedConfig } from '../../config/index.ts';
import type { JobKind } from '../jobs/job.ts';

/** One setting of heed.toml as a form needs it. */
export interface JobSetting {
  /** 'tune.beta'. */
  readonly path: string;
  readonly description: string;
  readonly value: string | number | boolean;
  readonly type: 'number' | 'integer' | 'string' | 'boolean';
  readonly minimum?: number;
  readonly maximum?: number;
  /** The allowed values. */
  readonly choices?: readonly string[];
}

/** The settings that each form offers; all others are set in heed.toml. */
const OFFERED = {
  generate: ['generate.promptLimit', 'generate.imagesPerPrompt', 'sample.sampler', 'sample.steps', 'seed'],
  reward: ['reward.epochs', 'reward.lambda', 'reward.learningRate', 'reward.testShare', 'seed'],
  tune: [
    'tune.method',
    'tune.steps',
    'tune.batchSize',
    'tune.learningRate',
    'tune.beta',
    'tune.loraRank',
    'tune.sampleEverySteps',
  ],
  evaluate: ['evaluate.promptLimit', 'evaluate.imagesPerPrompt', 'evaluate.bestOf', 'evaluate.fidelityImages'],
  report: [],
  next: [],
  try: [],
} as const satisfies Record<JobKind, readonly string[]>;

/** The settings that each command's form offers, with their values in `config`. */
export function jobSettings(config: HeedConfig): Record<JobKind, JobSetting[]> {
  const keys = new Map(configSections().flatMap(({ keys: all }) => all.map((key) => [key.path, key] as const)));
  const of = (path: string): JobSetting => {
    const key = keys.get(path)!;
    const { type, minimum, maximum, enum: choices } = z.toJSONSchema(key.schema, { io: 'input' });
    return {
      path,
      description: key.description,
      value: valueAt(config, path),
      type: type as JobSetting['type'],
      // JSON Schema writes the largest safe integer where there is no limit.
      ...(minimum === undefined || minimum <= Number.MIN_SAFE_INTEGER ? {} : { minimum }),
      ...(maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? {} : { maximum }),
      ...(choices === undefined ? {} : { choices: choices.map(String) }),
    };
  };
  return Object.fromEntries(Object.entries(OFFERED).map(([kind, paths]) => [kind, paths.map(of)])) as Record<
    JobKind,
    JobSetting[]
  >;
}

function valueAt(config: HeedConfig, path: string): JobSetting['value'] {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], config) as JobSetting['value'];
}
