/** The name of what decides a run's weights: its options and its data. Two runs of one name give the same bits. */
import { createHash } from 'node:crypto';
import { DEFAULT_METHOD } from '../config/index.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';
import type { TuneOptions } from './options.ts';

/**
 * Names everything that decides the weights. With a constant rate the number of steps does not: such a run can be made
 * longer.
 */
export function fingerprintOf(facts: {
  options: TuneOptions;
  baseHash: string;
  model: readonly TuneSample[];
  pretraining: readonly PretrainingSample[] | undefined;
}): string {
  const {
    checkpointEverySteps: _c,
    keepCheckpoints: _k,
    sampleEverySteps: _s,
    logEverySteps: _l,
    ...deciding
  } = facts.options;
  const { steps, method, settings, ...others } = deciding;
  const text = JSON.stringify([
    // Runs from before there were other methods have no such key.
    method === DEFAULT_METHOD ? others : { ...others, method, settings },
    others.schedule === 'constant' ? 'any' : steps,
    facts.baseHash,
    facts.model,
    facts.pretraining ?? null,
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
