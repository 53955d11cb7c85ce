/**
 * The gate before tuning checks whether the reward is more accurate than CLIP score on held-out pairs. If not, tuning
 * with this reward may not help. The gate warns but does not stop the tuning.
 */
import { percent } from '../text/percent.ts';
import type { AccuracyTable } from './accuracy.ts';
import type { RoundAccuracy } from './round-accuracy.ts';

/** The gate's verdict; `warning` is a sentence for the user. */
export interface GateVerdict {
  passed: boolean;
  warning?: string;
}

/** Accuracies of the reward and of CLIP score on one group of pairs. */
interface Compared {
  readonly where: string;
  readonly reward: number;
  readonly clip: number;
}

/**
 * Compares the reward with CLIP score on held-out pairs, separately for seen and unseen prompts. With several rounds,
 * the function also compares the two on images of the newest round that has pairs. The model that drew these images is
 * usually the one to be tuned next.
 */
export function rewardGate(accuracy: {
  reward: AccuracyTable;
  clip: AccuracyTable;
  rounds?: readonly RoundAccuracy[] | undefined;
}): GateVerdict {
  const groups = (['seen', 'unseen'] as const).flatMap((group): Compared[] => {
    const reward = accuracy.reward[group].accuracy;
    const clip = accuracy.clip[group].accuracy;
    return reward && clip ? [{ where: GROUPS[group], reward: reward.mean, clip: clip.mean }] : [];
  });
  groups.push(...newestRound(accuracy.rounds ?? []));
  if (groups.length === 0) {
    return {
      passed: false,
      warning: 'the reward could not be compared with CLIP score: no prompt has both a good and a bad held-out image',
    };
  }
  const worse = groups.filter(({ reward, clip }) => reward <= clip);
  if (worse.length === 0) return { passed: true };
  const found = worse.map(({ where, reward, clip }) => `${percent(reward)} against ${percent(clip)} on ${where}`);
  return {
    passed: false,
    warning: `the reward is expected to beat CLIP score on held-out pairs, but its accuracy is ${found.join(' and ')}: tuning with it may not help`,
  };
}

function newestRound(rounds: readonly RoundAccuracy[]): Compared[] {
  const newest = rounds.findLast(({ reward }) => reward.accuracy !== undefined);
  if (rounds.length < 2 || newest?.reward.accuracy === undefined || newest.clip.accuracy === undefined) return [];
  const { round, reward, clip } = newest;
  return [{ where: `images of round ${round}`, reward: reward.accuracy!.mean, clip: clip.accuracy!.mean }];
}

const GROUPS = { seen: 'prompts learned from', unseen: 'held-out prompts' } as const;
