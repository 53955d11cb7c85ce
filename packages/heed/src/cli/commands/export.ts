/**
 * `heed export`: exports judgements, images and preference pairs for other programs, or a model as a folder or a single
 * file.
 */
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { EXPORT_FORMATS, type ExportFormat, type ExportKind } from '../../export/formats.ts';
import { MODEL_FORMAT_READERS, type ModelFormat } from '../../export/model-formats.ts';
import type { Project } from '../../project/project.ts';
import { type CommandResult, type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

interface ExportOptions extends CommonOptions {
  out?: string;
  model: string;
  format?: ExportFormat;
  name?: string;
  imagePrefix?: string;
}

export function exportCommand(program: Command): void {
  const command = program
    .command('export')
    .description('write judgements, blind comparisons, images, preference pairs or a model for other programs')
    .option('--out <path>', 'the new file or folder (default: named after what is written)')
    .option('--model <name>', 'which model', 'tuned')
    .addOption(new Option('--format <format>', describeFormats()).choices(Object.values(EXPORT_FORMATS).flat()))
    .option('--name <set>', 'of an imagefolder: one set of images alone')
    .option(
      '--image-prefix <text>',
      "of label-studio: what stands before an image's file name (default: a local storage on the project's folder)",
    );
  command.addHelpText('after', describeModelFormats());
  command.addArgument(command.createArgument('<what>', 'what to write').choices(Object.keys(EXPORT_FORMATS)));
  withCommonOptions(command, [
    'heed export feedback --out feedback.csv',
    'heed export feedback --format label-studio --out tasks.json',
    'heed export comparisons --out comparisons.csv      (what people said in blind comparisons)',
    'heed export images --out images.csv',
    'heed export images --format imagefolder --out my-dataset',
    "heed export pairs --out my-pairs/train.parquet      (for diffusers' DPO training)",
    'heed export model --model tuned --out ~/models/tuned',
    'heed export model --format lora --out ~/stable-diffusion-webui/models/Lora/tuned.safetensors',
    'heed export model --format checkpoint --out ~/ComfyUI/models/checkpoints/tuned.safetensors',
  ]).action(async (what: ExportKind, options: ExportOptions) =>
    runCommand(options, async ({ openProject }) => {
      const { badInput } = await import('../../errors.ts');
      const formats: readonly ExportFormat[] = EXPORT_FORMATS[what];
      const { format = formats[0]! } = options;
      if (!formats.includes(format)) {
        throw badInput(`--format of ${what} must be one of ${formats.join(', ')}, got '${format}'`);
      }
      const project = await openProject();
      if (what === 'model') return exportOneModel(project, { ...options, format: format as ModelFormat });
      return WRITERS[`${what} ${format}`]!(project, options);
    }),
  );
}

function describeFormats(): string {
  const forms = Object.entries(EXPORT_FORMATS).map(([what, formats]) => `of ${what} ${formats.join(', ')}`);
  return `the form, the first being the default: ${forms.join('; ')}`;
}

function describeModelFormats(): string {
  const lines = Object.entries(MODEL_FORMAT_READERS).map(([format, readers]) => `  ${format.padEnd(15)} ${readers}`);
  return `\nForms of a model:\n${lines.join('\n')}`;
}

type Writer = (project: Project, options: ExportOptions) => Promise<CommandResult>;

const WRITERS: Readonly<Record<string, Writer>> = {
  'feedback csv': async (project, { out = 'feedback.csv' }) => {
    const { exportFeedback } = await import('../../export/tables.ts');
    return told(await exportFeedback(project, out), 'rows');
  },
  'feedback label-studio': async (project, { out = 'label-studio.json', imagePrefix }) => {
    const { exportLabelStudio, LABELLING_CONFIG } = await import('../../export/label-studio.ts');
    const { labelStudioSteps } = await import('../../export/label-studio-steps.ts');
    const result = await exportLabelStudio(project, out, imagePrefix === undefined ? {} : { imagePrefix });
    const { folder, paths } = project;
    const steps = labelStudioSteps({ folder, images: paths.images, tasks: resolve(out), imagePrefix });
    return {
      data: { ...result, config: LABELLING_CONFIG, steps },
      lines: [
        `${result.rows} tasks in ${result.file}; the labelling interface that fits:`,
        '',
        ...LABELLING_CONFIG.trimEnd().split('\n'),
        '',
        ...steps,
      ],
    };
  },
  'images csv': async (project, { out = 'images.csv' }) => {
    const { exportImages } = await import('../../export/tables.ts');
    return told(await exportImages(project, out), 'rows');
  },
  'images imagefolder': async (project, { out = 'dataset', name }) => {
    const { exportImageFolder } = await import('../../export/image-folder.ts');
    return told(await exportImageFolder(project, out, name === undefined ? {} : { set: name }), 'images');
  },
  'comparisons csv': async (project, { out = 'comparisons.csv' }) => exportAnswers(project, out, 'csv'),
  'comparisons jsonl': async (project, { out = 'comparisons.jsonl' }) => exportAnswers(project, out, 'jsonl'),
  'pairs parquet': async (project, { out = 'train.parquet' }) => {
    const { exportPairs } = await import('../../export/preference-pairs.ts');
    const { describeLeftOut } = await import('../../reward/left-out.ts');
    const result = await exportPairs(project, out);
    const { data, lines } = told(result, 'pairs');
    return { data, lines: [...lines, ...describeLeftOut(result.leftOut)] };
  },
};

async function exportAnswers(project: Project, out: string, format: 'csv' | 'jsonl'): Promise<CommandResult> {
  const { exportComparisons } = await import('../../export/comparisons.ts');
  return told(await exportComparisons(project, out, { format }), 'answers');
}

function told(result: { file: string; rows: number }, unit: string): CommandResult {
  return { data: result, lines: [`${result.rows} ${unit} in ${result.file}`] };
}

async function exportOneModel(
  project: Project,
  { format, model, out }: ExportOptions & { format: ModelFormat },
): Promise<CommandResult> {
  const { exportModel } = await import('../../export/model-folder.ts');
  const fallback = format === 'diffusers' ? model : `${model}.safetensors`;
  const result = await exportModel(project, model, out ?? fallback, { format });
  const megabytes = (result.bytes / 1e6).toFixed(1);
  return {
    data: result,
    lines: [`Wrote model '${result.model}' to ${result.path} (${result.files} files, ${megabytes} MB)`],
  };
}
