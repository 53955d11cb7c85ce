/**
 * Scores pre-training pairs by the learned reward. The base model learned equally from all pairs, including pairs whose
 * caption does not match the picture. The reward, trained on human labels of the model's images, can distinguish good
 * pairs from bad pairs.
 */

import type { RgbImage } from '@heed/diffusion';
import { z } from 'zod';
import type { RewardScorer } from '../reward/scorer.ts';
import type { PretrainingSample } from './batches.ts';
import { readRunChoice, writeRunChoice } from './run-choice.ts';

const Entry = z.object({ key: z.string(), reward: z.number().min(0).max(1) });

/**
 * Adds the reward r(x, z) to each sample. Rewards that the run stored at `path` are reused if they come from the same
 * reward model.
 */
export async function withRewards(
  samples: readonly PretrainingSample[],
  options: {
    path: string;
    reward: string;
    read: (sample: PretrainingSample) => Promise<RgbImage>;
    openScorer: () => Promise<Pick<RewardScorer, 'score' | 'close'>>;
    onProgress?: (done: number) => void;
    signal?: AbortSignal;
  },
): Promise<PretrainingSample[]> {
  const { path, reward, read, openScorer, onProgress, signal } = options;
  const known = await readRunChoice(path, { choice: { reward }, entries: Entry });
  const rewardOf = new Map(known?.map((entry) => [entry.key, entry.reward]));
  if (samples.some(({ key }) => !rewardOf.has(key))) {
    const sampleOf = new Map(samples.map((sample) => [sample.key, sample]));
    const scorer = await openScorer();
    try {
      const rewards = await scorer.score(
        samples.map(({ key, caption }) => ({ id: key, prompt: caption })),
        (key) => read(sampleOf.get(key)!),
        { ...(onProgress ? { onProgress } : {}), ...(signal ? { signal } : {}) },
      );
      for (const [i, { key }] of samples.entries()) rewardOf.set(key, rewards[i]!);
    } finally {
      await scorer.close();
    }
    const entries = samples.map(({ key }) => ({ key, reward: rewardOf.get(key)! }));
    await writeRunChoice(path, { reward }, entries);
  }
  return samples.map((sample) => ({ ...sample, reward: rewardOf.get(sample.key)! }));
}
