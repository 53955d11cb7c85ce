/** `heed reward`: trains a reward on the raters' judgements. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

export function rewardCommand(program: Command): void {
  const command = program
    .command('reward')
    .description('train the reward on the judgements, and measure it beside CLIP score on held-out pairs')
    .option('--name <name>', 'name of the reward', 'default')
    .option(
      '--ablations',
      "train the paper's other rewards, too: without the auxiliary task, and with half the images of each prompt",
      false,
    );
  withCommonOptions(command, [
    'heed reward',
    'heed reward --set reward.lambda=0 --name plain',
    'heed reward --ablations',
    'heed reward --json | jq .trust',
  ]).action(async ({ name, ablations, ...options }: CommonOptions & { name: string; ablations: boolean }) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const project = await openProject();
      const { describeReward } = await import('../describe-reward.ts');
      const { runReward } = await import('../../reward/run.ts');
      const { REWARD_VARIANTS } = await import('../../reward/report.ts');
      const variants = ablations ? REWARD_VARIANTS : [];
      const result = await runReward(project, { name, variants, signal, note }, progress);
      return { data: result, lines: describeReward(result) };
    }),
  );
}
