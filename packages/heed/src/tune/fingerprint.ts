/**
 * A hash of a run's options and data. Two runs with the same fingerprint give bit-identical weights after the same
 * number of steps.
 */
import { createHash } from 'node:crypto';
import { DEFAULT_METHOD } from '../config/index.ts';
import type { PretrainingSample, TuneSample } from './batches.ts';
import type { TuneOptions } from './options.ts';

/**
 * Hashes everything that affects the weights. With a constant learning rate, the number of steps is left out of the
 * hash, so that the run can be extended.
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
    // Fingerprints of the first method have no key for the method, as in older versions.
    method === DEFAULT_METHOD ? others : { ...others, method, settings },
    others.schedule === 'constant' ? 'any' : steps,
    facts.baseHash,
    facts.model,
    facts.pretraining ?? null,
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
