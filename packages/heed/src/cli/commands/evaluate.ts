/** `heed evaluate`: what tuning bought and what it cost. */
import type { Command } from 'commander';
import { type CommonOptions, collect, runCommand, withCommonOptions } from '../context.ts';
import { describeEvaluation } from '../describe-evaluation.ts';

interface EvaluateOptions extends CommonOptions {
  model: string[];
  reward: string;
  name?: string;
}

export function evaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description('compare models with the base and with best-of-n, by blind raters and by numbers')
    .option('--model <name>', 'a model to compare with the base (can be repeated; default: tuned)', collect, [])
    .option('--reward <name>', 'the reward that picks the best of n', 'default')
    .option('--name <name>', 'name of the run (default: evaluate-0001 and so on)');
  withCommonOptions(command, [
    'heed evaluate',
    'heed evaluate --model tuned --model human-only',
    'heed evaluate --set evaluate.promptLimit=24 --set evaluate.bestOf=8',
  ]).action(async ({ model, reward, name, ...options }: EvaluateOptions) =>
    runCommand(options, async ({ openProject, progress, signal }) => {
      const project = await openProject();
      const { runEvaluate } = await import('../../evaluate/run.ts');
      const models = model.length > 0 ? model : ['tuned'];
      const result = await runEvaluate(
        project,
        { models, reward, ...(name === undefined ? {} : { name }), signal },
        progress,
      );
      return { data: result, lines: describeEvaluation(result) };
    }),
  );
}
