/** `heed export`: judgements and images as CSV, a model as a diffusers folder. */
import { type Command, Option } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

interface ExportOptions extends CommonOptions {
  out?: string;
  model: string;
}

type What = 'feedback' | 'images' | 'model';

export function exportCommand(program: Command): void {
  const command = program
    .command('export')
    .description('write judgements or images as CSV, or copy a model out as a diffusers folder')
    .option('--out <path>', 'the CSV or the new folder (default: <what>.csv, or the model name)')
    .addOption(new Option('--model <name>', 'which model').default('tuned'));
  command.addArgument(command.createArgument('<what>', 'what to write').choices(['feedback', 'images', 'model']));
  withCommonOptions(command, [
    'heed export feedback --out feedback.csv',
    'heed export images --out images.csv',
    'heed export model --model tuned --out ~/models/tuned',
  ]).action(async (what: What, options: ExportOptions) =>
    runCommand(options, async ({ openProject }) => {
      const project = await openProject();
      if (what === 'model') {
        const { exportModel } = await import('../../export/model-folder.ts');
        const result = await exportModel(project, options.model, options.out ?? options.model);
        const megabytes = (result.bytes / 1e6).toFixed(1);
        return {
          data: result,
          lines: [`Copied model '${result.model}' to ${result.folder} (${result.files} files, ${megabytes} MB)`],
        };
      }
      const { exportFeedback, exportImages } = await import('../../export/tables.ts');
      const write = { feedback: exportFeedback, images: exportImages }[what];
      const result = await write(project, options.out ?? `${what}.csv`);
      return { data: result, lines: [`${result.rows} rows in ${result.file}`] };
    }),
  );
}
