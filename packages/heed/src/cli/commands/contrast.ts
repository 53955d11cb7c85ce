/**
 * `heed contrast`: makes a model whose sampling is guided by the difference between a model tuned on good and one tuned
 * on bad images.
 */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { describeResult } from '../describe-result.ts';

interface ContrastOptions extends CommonOptions {
  name: string;
  good: string;
  bad: string;
  scale: string;
}

export function contrastCommand(program: Command): void {
  const command = program
    .command('contrast')
    .description('make a model that draws with the base and the difference of a good and a bad model')
    .option('--name <name>', 'name of the new model', 'contrast')
    .option('--good <name>', 'a model tuned on good images', 'good')
    .option('--bad <name>', 'a model tuned on bad images', 'bad')
    .option('--scale <number>', 'how much of the difference is added; 0 is none', '2');
  withCommonOptions(command, [
    'heed tune --name good --set tune.method=likelihood',
    'heed tune --name bad --set tune.method=likelihood --set \'tune.likelihood.images="bad"\'',
    'heed contrast --good good --bad bad --scale 2',
    "heed sample --model contrast --prompt 'Three apples.'",
  ]).action(async ({ name, good, bad, scale, ...options }: ContrastOptions) =>
    runCommand(options, async ({ openProject, signal }) => {
      const { badInput } = await import('../../errors.ts');
      const value = Number(scale);
      if (scale.trim() === '' || !Number.isFinite(value) || value < 0) {
        throw badInput(`--scale: expected a number of at least 0, got '${scale}'`);
      }
      const { runContrast } = await import('../../contrast/run.ts');
      const result = await runContrast(await openProject(), { name, good, bad, scale: value, signal });
      return { data: result, lines: describeResult(result) };
    }),
  );
}
