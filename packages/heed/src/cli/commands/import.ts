/** `heed import`: imports users' own pictures with prompts, and judgements from other tools. */
import { type Command, Option } from 'commander';
import { PURPOSES, type Purpose } from '../../images/purpose.ts';
import {
  type CommandContext,
  type CommandResult,
  type CommonOptions,
  runCommand,
  withCommonOptions,
} from '../context.ts';

interface ImportOptions extends CommonOptions {
  name: string;
  purpose: Purpose;
  model?: string;
  rater?: string;
}

type Work = (path: string, options: ImportOptions, context: CommandContext) => Promise<CommandResult>;

const WORK = { images: importOwnImages, feedback: importJudgements } as const satisfies Record<string, Work>;

export function importCommand(program: Command): void {
  const command = program
    .command('import')
    .description('take in your own pictures with their prompts, or judgements; nothing is fetched from an address')
    .option('--name <set>', 'the set that the images belong to', 'train')
    .addOption(
      new Option('--purpose <purpose>', 'what the images are for: to learn from, or only to measure by')
        .choices(PURPOSES)
        .default('learn'),
    )
    .option('--model <name>', 'the model of the project that drew them; without it, tuning leaves them out')
    .option('--rater <name>', 'who judged, where a file does not say');
  command.addArgument(command.createArgument('<what>', 'what to take in').choices(Object.keys(WORK)));
  command.argument(
    '<path>',
    'images: a folder of PNG, JPEG or WebP pictures with a metadata.jsonl or metadata.csv of file_name and text, such a list, or a folder with a .txt beside each picture; feedback: a .csv of judgements or of preference pairs, or an export of Label Studio',
  );
  withCommonOptions(command, [
    'heed import images ./my-pictures',
    'heed import images ./my-pictures/list.csv --name mine',
    'heed import images ./references --name test --purpose measure',
    'heed import images ./drawn-elsewhere --model base      (drawn by the base model: tuning learns from them, too)',
    'heed import feedback judged.csv --rater anna',
    'heed import feedback label-studio-export.json',
  ]).action(async (what: keyof typeof WORK, path: string, options: ImportOptions) =>
    runCommand(options, (context) => WORK[what](path, options, context)),
  );
}

async function importOwnImages(
  path: string,
  { name, purpose, model }: ImportOptions,
  { openProject, progress, signal, note }: CommandContext,
): Promise<CommandResult> {
  const project = await openProject();
  const { blockOtherDecoders } = await import('../../images/read-picture.ts');
  const { describeLeftOut, importImages } = await import('../../import/images.ts');
  blockOtherDecoders();
  const set = { set: name, purpose, ...(model === undefined ? {} : { model }) };
  const result = await importImages(project, path, { ...set, progress, signal });
  for (const leftOut of result.quarantined) note(`left out ${describeLeftOut(leftOut)}`);
  for (const text of result.notes) note(text);
  return {
    data: result,
    lines: [
      `${result.added} images taken in, ${result.unchanged} known already, ${result.quarantined.length} left out`,
      `Next: heed label${name === 'train' ? '' : ` --name ${name}`}, or heed studio`,
    ],
  };
}

async function importJudgements(
  path: string,
  { rater }: ImportOptions,
  { openProject, note }: CommandContext,
): Promise<CommandResult> {
  const project = await openProject();
  const { importFeedbackFile } = await import('../../feedback/import-file.ts');
  const result = await importFeedbackFile(project, path, rater === undefined ? {} : { rater });
  for (const text of result.notes) note(text);
  return {
    data: result,
    lines: [
      `${result.added} judgements taken over, ${result.unchanged} known already, ${result.withoutLabel} without a label left out`,
    ],
  };
}
