/**
 * The tuning methods by name. To add a method, add a file in this folder, a line in this file, and a section in
 * `config/tuning-methods.ts`.
 */
import type { MethodName } from '../../config/index.ts';
import type { TuningMethod } from '../method.ts';
import type { TuneOptions } from '../options.ts';
import { bestOfN } from './best-of-n.ts';
import { dpo } from './dpo.ts';
import { kto } from './kto.ts';
import { likelihood } from './likelihood.ts';
import { nft } from './nft.ts';
import { rewardWeighted } from './reward-weighted.ts';

export const TUNING_METHODS: Readonly<Record<MethodName, TuningMethod>> = {
  'reward-weighted': rewardWeighted,
  dpo,
  nft,
  kto,
  'best-of-n': bestOfN,
  likelihood,
};

/** Returns the tuning method that the options name. Throws when the options do not work with the method. */
export function methodOf(options: TuneOptions): TuningMethod {
  const method = TUNING_METHODS[options.method];
  method.check?.(options);
  return method;
}
