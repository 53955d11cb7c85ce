/**
 * A whole reward training by `trainReward`: compiling its graphs, the epochs with their validation, the best weights.
 */
import { join } from 'node:path';
import { readSafetensors } from '@heed/diffusion';
import { trainReward } from '../../packages/heed/src/reward/train.ts';
import { FILES, tensor } from '../inputs/files.ts';
import { REWARD_SEED, rewardOptions, rewardWorld } from '../reward-world.ts';
import type { RewardTrainingSettings } from '../settings.ts';
import type { OpenOptions, Workload } from './workload.ts';

export async function openRewardTraining({
  folder,
  settings,
  threads,
}: OpenOptions<RewardTrainingSettings>): Promise<Workload> {
  const { tensors } = await readSafetensors(join(folder, FILES.inputs));
  const { training, validation, perturbedPrompts, features } = rewardWorld(tensors, settings);
  const train = async () => {
    const result = await trainReward({
      training,
      validation,
      features,
      perturbedPrompts,
      options: rewardOptions(settings),
      seed: REWARD_SEED,
      threads,
    });
    result.model.dispose();
    return result;
  };
  return {
    async check() {
      const { epochs, model } = await train();
      const column = (key: 'loss' | 'validationLoss') =>
        tensor(
          [epochs.length],
          epochs.map((epoch) => epoch[key]),
        );
      return new Map([
        ['loss', column('loss')],
        ['validationLoss', column('validationLoss')],
        ['weight output.weight', model.members[0]!.get('output.weight')!],
      ]);
    },
    runOnce: train,
  };
}
