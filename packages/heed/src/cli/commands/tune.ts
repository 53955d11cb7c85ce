/** `heed tune`: fine-tunes the model on feedback. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { describeResult } from '../describe-result.ts';
import { isLaunchedOtherRank, openRanks } from '../ranks.ts';

interface TuneCommandOptions extends CommonOptions {
  name: string;
  from?: string;
  reward?: string;
  restart: boolean;
  continue: boolean;
}

export function tuneCommand(program: Command): void {
  const command = program
    .command('tune')
    .description('fine-tune the model on feedback, by the method that tune.method names; resumes by itself')
    .option('--name <name>', 'name of the tuned model, and of the run', 'tuned')
    .option('--from <model>', 'the model to tune (default: that of the resumed run, or the base of heed.toml)')
    .option('--reward <name>', "the reward to learn from (default: that of the resumed run, or 'default')")
    .option('--continue', 'resume with the settings that the run was started with, not those of heed.toml', false)
    .option('--restart', 'start over where a run of this name exists', false);
  withCommonOptions(command, [
    'heed tune',
    'heed tune --name tuned --continue',
    'heed tune --name round-2 --from tuned',
    'heed tune --name round-2 --set tune.rounds=all      (from the base, with the images of all rounds)',
    'heed tune --set tune.steps=10000 --set tune.learningRate=2e-5',
    'heed tune --set tune.modelRewardPower=4 --set tune.pretrainingRewardPower=4 --set tune.modelTimestepsFrom=500',
    'mpirun -n 4 --bind-to none npx heed tune --set tune.replicas=4',
    'heed tune --name human-only --set tune.unlabelledData=false --set tune.beta=0',
    'heed tune --name dpo --set tune.method=dpo --set tune.learningRate=2e-5 --set tune.loraRank=8',
  ]).action(async ({ name, from, reward, restart, continue: continues, ...options }: TuneCommandOptions) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const { badInput } = await import('../../errors.ts');
      if (continues && restart) throw badInput('expected one of --continue and --restart, got both');
      const { openProjectOfRun } = await import('../../project/run.ts');
      const isShard = await isLaunchedOtherRank();
      const project = await (continues
        ? openProjectOfRun(options.project, name, { overrides: options.set })
        : openProject({ isShard }));
      const { runTune } = await import('../../tune/run.ts');
      const { runTuneRank } = await import('../../tune/run-rank.ts');
      const communicator = await openRanks(project.config.tune.exchange);
      if (communicator.rank > 0) {
        await runTuneRank(project, { communicator, signal });
        return { lines: [] };
      }
      const result = await runTune(project, { name, from, reward, restart, signal, note, communicator }, progress);
      return { data: result, lines: describeResult(result) };
    }),
  );
}
