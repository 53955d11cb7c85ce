/** `heed loop`: runs several rounds of generating, judging, reward training and tuning. */
import { type Command, Option } from 'commander';
import type { LoopPause, LoopResult } from '../../rounds/loop.ts';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { formatTable } from '../table.ts';

interface LoopCommandOptions extends CommonOptions {
  rounds: number;
  from: 'base' | 'last';
  simulate: boolean;
  judged?: number;
  evaluate: boolean;
}

export function loopCommand(program: Command): void {
  const command = program
    .command('loop')
    .description('draw, judge, learn and tune round after round; waits for people and goes on when called again')
    .option('--rounds <n>', 'how many rounds', wholeNumber(1), 3)
    .addOption(
      new Option('--from <model>', 'what each round tunes, with the images of all rounds: the base or the last model')
        .choices(['base', 'last'])
        .default('base'),
    )
    .option('--simulate', 'let simulated raters judge', false)
    .option('--judged <n>', 'judged images of a round that are enough to go on (default: all)', wholeNumber(1))
    .option('--no-evaluate', 'leave out the evaluation and the report at the end');
  withCommonOptions(command, [
    'heed loop --rounds 3 --simulate',
    'heed loop --rounds 3 --judged 500      (says what to judge; run it again afterwards)',
    'heed loop --rounds 3 --from last',
  ]).action(async ({ rounds, from, simulate, judged, evaluate, ...options }: LoopCommandOptions) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const project = await openProject();
      const { runLoop } = await import('../../rounds/loop.ts');
      const result = await runLoop(
        project,
        { rounds, from, simulate, judgedImages: judged, evaluate, signal, note },
        progress,
      );
      if (result.evaluation === undefined) return { data: result, lines: linesOf(result) };
      const { describeEvaluation } = await import('../describe-evaluation.ts');
      const { peopleFindings } = await import('../../evaluate/people.ts');
      const people = await peopleFindings(project, result.evaluation);
      return { data: result, lines: [...linesOf(result), '', ...describeEvaluation(result.evaluation, people)] };
    }),
  );
}

function linesOf({ rounds, pause, report }: LoopResult): string[] {
  const rows = rounds.map(({ name, round, parent, data, reward }) => [
    name,
    round,
    parent.name,
    data.labelled,
    reward?.name ?? '',
  ]);
  return [
    ...(rows.length === 0 ? [] : formatTable([['model', 'round', 'parent', 'labelled images', 'reward'], ...rows])),
    ...(pause === undefined ? [] : pauseLines(pause)),
    ...(report === undefined ? [] : [`Report: ${report}`]),
  ];
}

function pauseLines({ round, model, images, judged, needed }: LoopPause): string[] {
  return [
    `Round ${round} waits for people: ${judged} of ${images} images of '${model}' are judged, it needs ${needed}.`,
    'Next: heed studio (or heed label --sheet, heed label --import), then the same heed loop again',
  ];
}
