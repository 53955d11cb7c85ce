/**
 * `heed label`: adds judgements from simulated raters or a CSV, writes a sheet to fill in, or shows the progress of
 * labelling.
 */

import type { Command } from 'commander';
import { percent } from '../../text/percent.ts';
import {
  type CommandContext,
  type CommandResult,
  type CommonOptions,
  runCommand,
  withCommonOptions,
} from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { formatTable } from '../table.ts';

interface LabelOptions extends CommonOptions {
  simulate: boolean;
  import?: string;
  sheet?: string;
  gold: boolean;
  name: string;
  raters?: number;
  rater?: string;
}

export function labelCommand(program: Command): void {
  const command = program
    .command('label')
    .description('judge images good or bad; without an option, say how far that is')
    .option('--simulate', 'let simulated raters judge what they have not judged yet', false)
    .option(
      '--import <file>',
      'take over judgements: a CSV with columns image, label (good, bad or skip), and rater, query, reason, time; or an export of Label Studio',
    )
    .option(
      '--sheet <csv>',
      'write images without a judgement into a CSV with an empty label column, to be filled in and imported',
    )
    .option(
      '--gold',
      'what --import brings are known answers, by which raters are measured; with --simulate the recogniser vouches for some of the clearest queries',
      false,
    )
    .option('--name <set>', 'the set of images', 'train')
    .option('--raters <n>', 'how many simulated raters (default: label.simulatedRaters)', wholeNumber(1))
    .option('--rater <name>', 'who judged, where an imported file does not say');
  withCommonOptions(command, [
    'heed label --simulate',
    'heed label --sheet to-judge.csv',
    'heed label --import judged.csv --rater anna',
    'heed label --import known.csv --gold --rater anna',
    'heed label --json',
  ]).action(async (options: LabelOptions) => runCommand(options, (context) => label(options, context)));
}

async function label(options: LabelOptions, context: CommandContext): Promise<CommandResult> {
  const { badInput } = await import('../../errors.ts');
  const ways = [options.simulate, options.import !== undefined, options.sheet !== undefined].filter(Boolean).length;
  if (ways > 1) throw badInput('expected one of --simulate, --import and --sheet, got several');
  if (options.gold && !options.simulate && options.import === undefined) {
    throw badInput('expected --gold together with --import or --simulate, got it alone');
  }
  const project = await context.openProject();
  const { name: set, raters, rater, gold } = options;
  if (options.simulate && gold) {
    const { markSimulatedGold } = await import('../../feedback/simulate-gold.ts');
    const result = await markSimulatedGold(project, { set, signal: context.signal });
    return {
      data: result,
      lines: [
        `${result.added} known answers of the recogniser, marked as simulated: ${result.queries} queries, ${result.good} images good and ${result.bad} bad`,
      ],
    };
  }
  if (options.simulate) {
    const { runSimulatedLabelling } = await import('../../feedback/simulate.ts');
    const { signal, progress } = context;
    const result = await runSimulatedLabelling(
      project,
      { set, ...(raters === undefined ? {} : { raters }), signal },
      progress,
    );
    const summary = await status(project, set);
    return {
      data: { ...result, ...summary.data },
      lines: [`${result.added} new judgements by ${result.raters} simulated raters`, ...summary.lines],
    };
  }
  if (options.import !== undefined) {
    const { importFeedbackFile } = await import('../../feedback/import-file.ts');
    const result = await importFeedbackFile(project, options.import, {
      asKnown: gold,
      ...(rater === undefined ? {} : { rater }),
    });
    for (const text of result.notes) context.note(text);
    return {
      data: result,
      lines: [
        `${result.added} ${gold ? 'known answers' : 'judgements'} taken over, ${result.unchanged} known already, ${result.withoutLabel} rows without a label left out`,
      ],
    };
  }
  if (options.sheet !== undefined) {
    const { writeFeedbackSheet } = await import('../../feedback/sheet.ts');
    const result = await writeFeedbackSheet(project, options.sheet, { set });
    return {
      data: result,
      lines: [
        `${result.images} images without a judgement in ${options.sheet}; fill in the column label, then heed label --import`,
      ],
    };
  }
  return status(project, set);
}

async function status(
  project: Awaited<ReturnType<CommandContext['openProject']>>,
  set: string,
): Promise<CommandResult & { data: object }> {
  const { labellingStatus } = await import('../../feedback/status.ts');
  const found = await labellingStatus(project, { set });
  const rows = found.categories.map(({ category, images, judged, judgements, good, bad, skip }) => [
    category,
    images,
    judged,
    judgements,
    ...[good, bad, skip].map(percent),
  ]);
  return {
    data: found,
    lines: formatTable([['category', 'images', 'judged', 'judgements', 'good', 'bad', 'skip'], ...rows]),
  };
}
