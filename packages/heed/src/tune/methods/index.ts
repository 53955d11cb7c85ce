/** The tuning methods by name. A new one is a file beside this and a line here. */
import type { MethodName } from '../../config/index.ts';
import type { TuningMethod } from '../method.ts';
import { rewardWeighted } from './reward-weighted.ts';

export const TUNING_METHODS: Readonly<Record<MethodName, TuningMethod>> = {
  'reward-weighted': rewardWeighted,
};
