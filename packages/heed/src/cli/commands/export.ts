/** `heed export`: judgements and images as CSV, a model as a diffusers folder or a single file. */
import { type Command, Option } from 'commander';
import { MODEL_FORMATS, type ModelFormat } from '../../export/model-formats.ts';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

interface ExportOptions extends CommonOptions {
  out?: string;
  model: string;
  format: ModelFormat;
}

type What = 'feedback' | 'images' | 'model';

export function exportCommand(program: Command): void {
  const command = program
    .command('export')
    .description('write judgements or images as CSV, or a model as a diffusers folder or a single file')
    .option('--out <path>', 'the CSV, or the new folder or file (default: <what>.csv, or the model name)')
    .addOption(new Option('--model <name>', 'which model').default('tuned'))
    .addOption(
      new Option(
        '--format <format>',
        "of a model: a diffusers folder, a checkpoint file in Stable Diffusion's own layout, or the LoRA that was tuned",
      )
        .choices(MODEL_FORMATS)
        .default('diffusers'),
    );
  command.addArgument(command.createArgument('<what>', 'what to write').choices(['feedback', 'images', 'model']));
  withCommonOptions(command, [
    'heed export feedback --out feedback.csv',
    'heed export images --out images.csv',
    'heed export model --model tuned --out ~/models/tuned',
    'heed export model --format lora --out ~/stable-diffusion-webui/models/Lora/tuned.safetensors',
    'heed export model --format checkpoint --out ~/ComfyUI/models/checkpoints/tuned.safetensors',
  ]).action(async (what: What, options: ExportOptions) =>
    runCommand(options, async ({ openProject }) => {
      const project = await openProject();
      if (what === 'model') {
        const { exportModel } = await import('../../export/model-folder.ts');
        const { format, model } = options;
        const fallback = format === 'diffusers' ? model : `${model}.safetensors`;
        const result = await exportModel(project, model, options.out ?? fallback, { format });
        const megabytes = (result.bytes / 1e6).toFixed(1);
        return {
          data: result,
          lines: [`Wrote model '${result.model}' to ${result.path} (${result.files} files, ${megabytes} MB)`],
        };
      }
      const { exportFeedback, exportImages } = await import('../../export/tables.ts');
      const write = { feedback: exportFeedback, images: exportImages }[what];
      const result = await write(project, options.out ?? `${what}.csv`);
      return { data: result, lines: [`${result.rows} rows in ${result.file}`] };
    }),
  );
}
