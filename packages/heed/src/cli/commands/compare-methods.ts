/** `heed compare-methods`: compares tuning methods on the same labels and compute. */
import type { Command } from 'commander';
import { type CommonOptions, collect, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { formatTable } from '../table.ts';

interface CompareMethodsCommandOptions extends CommonOptions {
  method: string[];
  seeds: number;
  reward: string;
}

export function compareMethodsCommand(program: Command): void {
  const command = program
    .command('compare-methods')
    .description('tune by every method with the same labels and compute, and plot alignment against fidelity')
    .option(
      '--method <name>',
      'a method to compare (can be repeated; default: all, and one without labels)',
      collect,
      [],
    )
    .option('--seeds <n>', 'runs of each method', wholeNumber(1), 3)
    .option('--reward <name>', 'the reward that is learned from and chooses the best of n', 'default');
  withCommonOptions(command, [
    'heed compare-methods',
    'heed compare-methods --method dpo --method nft --seeds 1 --set tune.steps=100',
  ]).action(async ({ method, seeds, reward, ...options }: CompareMethodsCommandOptions) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const project = await openProject();
      const { armsNamed } = await import('../../compare-methods/arms.ts');
      const { formatDifference, formatFigure } = await import('../../evaluate/format-figure.ts');
      const { runCompareMethods } = await import('../../compare-methods/run.ts');
      const arms = armsNamed(method);
      const result = await runCompareMethods(
        project,
        { arms, seeds, reward, overrides: options.set, signal, note },
        progress,
      );
      const { unit } = result;
      const rows = result.points.map(({ label, updates, alignment, gain, bestOf, distance, isEfficient }) => [
        label,
        updates,
        formatFigure(alignment, unit),
        gain ? formatDifference(gain, unit) : '-',
        formatFigure(bestOf, unit),
        distance ? `${distance.mean.toFixed(2)} [${distance.lo.toFixed(2)}, ${distance.hi.toFixed(2)}]` : '-',
        isEfficient && distance ? 'not beaten in both' : '',
      ]);
      const header = [
        'method',
        'updates',
        'alignment',
        'minus before tuning',
        'best of n on top',
        `${result.distanceName} distance`,
        '',
      ];
      return {
        data: result,
        lines: [
          ...formatTable([header, ...rows]),
          '',
          `Alignment: ${result.alignmentJudge}`,
          `Report: ${result.report}`,
        ],
      };
    }),
  );
}
