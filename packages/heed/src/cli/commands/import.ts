/** `heed import`: people's own pictures with their prompts. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

interface ImportOptions extends CommonOptions {
  name: string;
  model?: string;
}

export function importCommand(program: Command): void {
  const command = program
    .command('import')
    .description('take in your own pictures with their prompts; nothing is fetched from an address')
    .option('--name <set>', 'the set that the images belong to', 'train')
    .option('--model <name>', 'the model of the project that drew them; without it, tuning leaves them out');
  command.addArgument(command.createArgument('<what>', 'what to take in').choices(['images']));
  command.argument(
    '<path>',
    'a folder of PNG, JPEG or WebP pictures with a metadata.jsonl or metadata.csv, or a .jsonl or .csv beside them, with file_name and text',
  );
  withCommonOptions(command, [
    'heed import images ./my-pictures',
    'heed import images ./my-pictures/list.csv --name mine',
    'heed import images ./drawn-elsewhere --model base      (drawn by the base model: tuning learns from them, too)',
  ]).action(async (_what: string, path: string, { name, model, ...options }: ImportOptions) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const project = await openProject();
      const { blockOtherDecoders } = await import('../../images/read-picture.ts');
      const { importImages } = await import('../../import/images.ts');
      blockOtherDecoders();
      const set = { set: name, ...(model === undefined ? {} : { model }) };
      const result = await importImages(project, path, { ...set, progress, signal });
      for (const { file, line, reason } of result.quarantined) note(`left out ${file} (line ${line}): ${reason}`);
      return {
        data: result,
        lines: [
          `${result.added} images taken in, ${result.unchanged} known already, ${result.quarantined.length} left out`,
          `Next: heed label${name === 'train' ? '' : ` --name ${name}`}, or heed studio`,
        ],
      };
    }),
  );
}
