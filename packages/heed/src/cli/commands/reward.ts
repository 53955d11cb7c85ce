/** `heed reward`: learns to judge as the raters do. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { describeReward } from '../describe-reward.ts';

export function rewardCommand(program: Command): void {
  const command = program
    .command('reward')
    .description('train the reward on the judgements, and measure it beside CLIP score on held-out pairs')
    .option('--name <name>', 'name of the reward', 'default');
  withCommonOptions(command, [
    'heed reward',
    'heed reward --set reward.lambda=0 --name plain',
    'heed reward --json | jq .summary',
  ]).action(async ({ name, ...options }: CommonOptions & { name: string }) =>
    runCommand(options, async ({ openProject, progress, signal }) => {
      const project = await openProject();
      const { runReward } = await import('../../reward/run.ts');
      const result = await runReward(project, { name, signal }, progress);
      return { data: result, lines: describeReward(result) };
    }),
  );
}
