/** `heed generate`: images of the project's prompts, to be judged. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

export function generateCommand(program: Command): void {
  const command = program
    .command('generate')
    .description('draw images of the training prompts; what is there already is not drawn again')
    .option('--model <name>', 'the model to draw with (default: the base model of heed.toml)')
    .option('--name <set>', 'the set that the images belong to', 'train');
  withCommonOptions(command, [
    'heed generate',
    'heed generate --set generate.promptLimit=100 --set generate.imagesPerPrompt=6',
    'heed generate --set generate.prompts=my-prompts.csv --name mine',
  ]).action(async (options: CommonOptions & { model?: string; name: string }) =>
    runCommand(options, async ({ openProject, progress, signal }) => {
      const project = await openProject();
      const { runGenerate } = await import('../../generate/run.ts');
      const { model, name: set } = options;
      const result = await runGenerate(project, { set, ...(model === undefined ? {} : { model }), signal }, progress);
      return {
        data: result,
        lines: [
          `${result.images} images in set '${set}' (${result.generated} new) in ${project.paths.images}`,
          'Next: heed label',
        ],
      };
    }),
  );
}
