/** `heed evaluate`: measures the gains and costs of tuning. */
import type { Command } from 'commander';
import { type CommonOptions, collect, runCommand, withCommonOptions } from '../context.ts';

interface EvaluateOptions extends CommonOptions {
  model: string[];
  baseline?: string;
  reward?: string;
  name?: string;
}

export function evaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description('compare models with a baseline and with best-of-n: by people, by rewards, by CLIP')
    .option('--model <name>', 'a model to compare with the baseline (can be repeated; default: tuned)', collect, [])
    .option('--baseline <name>', "the model to compare with (default: the project's own)")
    .option('--reward <name>', "the reward that picks the best of n (default: 'default', where there is one)")
    .option('--name <name>', 'name of the run (default: evaluate-0001 and so on)');
  withCommonOptions(command, [
    'heed evaluate',
    'heed evaluate --model tuned --model human-only',
    'heed evaluate --baseline round-1 --model round-2',
    'heed evaluate --set evaluate.promptLimit=24 --set evaluate.bestOf=8',
  ]).action(async ({ model, baseline, reward, name, ...options }: EvaluateOptions) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const project = await openProject();
      const { describeEvaluation } = await import('../describe-evaluation.ts');
      const { runEvaluate } = await import('../../evaluate/run.ts');
      const { peopleFindings } = await import('../../evaluate/people.ts');
      const models = model.length > 0 ? model : ['tuned'];
      const result = await runEvaluate(
        project,
        { models, baseline, reward, ...(name === undefined ? {} : { name }), signal, note },
        progress,
      );
      const people = await peopleFindings(project, result);
      return { data: { ...result, people }, lines: describeEvaluation(result, people) };
    }),
  );
}
