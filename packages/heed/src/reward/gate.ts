/**
 * The gate before tuning: a reward that does not beat CLIP score on held-out labels is not worth learning from.
 * It warns; it forbids nothing.
 */
import { percent } from '../text/percent.ts';
import type { AccuracyTable } from './accuracy.ts';

/** What the gate found; `warning` is a sentence for the user. */
export interface GateVerdict {
  passed: boolean;
  warning?: string;
}

/**
 * Compares the reward with CLIP score on held-out pairs of prompts that were learned from and of those that were not.
 */
export function rewardGate(accuracy: { reward: AccuracyTable; clip: AccuracyTable }): GateVerdict {
  const groups = (['seen', 'unseen'] as const).flatMap((group) => {
    const reward = accuracy.reward[group].accuracy;
    const clip = accuracy.clip[group].accuracy;
    return reward && clip ? [{ group, reward: reward.mean, clip: clip.mean }] : [];
  });
  if (groups.length === 0) {
    return {
      passed: false,
      warning: 'the reward could not be compared with CLIP score: no prompt has both a good and a bad held-out image',
    };
  }
  const worse = groups.filter(({ reward, clip }) => reward <= clip);
  if (worse.length === 0) return { passed: true };
  const found = worse.map(
    ({ group, reward, clip }) => `${percent(reward)} against ${percent(clip)} on ${GROUPS[group]}`,
  );
  return {
    passed: false,
    warning: `the reward is expected to beat CLIP score on held-out pairs, but its accuracy is ${found.join(' and ')}: tuning with it may not help`,
  };
}

const GROUPS = { seen: 'prompts learned from', unseen: 'held-out prompts' } as const;
