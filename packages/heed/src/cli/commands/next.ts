/** `heed next`: chooses the images to judge next. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { formatTable } from '../table.ts';

const SHOWN = 12;

interface NextCommandOptions extends CommonOptions {
  count: number;
  name: string;
  model?: string;
  reward: string;
  sheet?: string;
  queue: boolean;
}

export function nextCommand(program: Command): void {
  const command = program
    .command('next')
    .description('name the images whose judgement would teach the reward most')
    .option('--count <n>', 'how many images', wholeNumber(1), 100)
    .option('--name <set>', 'the set of images', 'train')
    .option('--model <name>', 'the images of this model alone (default: those of all models)')
    .option('--reward <name>', 'the reward that is in doubt; one of several networks knows its doubt best', 'default')
    .option('--sheet <csv>', 'write them into a CSV to be filled in, as heed label --sheet does')
    .option('--queue', 'have the studio ask for them before all others', false);
  withCommonOptions(command, [
    'heed next --count 60 --sheet to-judge.csv',
    'heed reward --set reward.members=4 && heed next --queue && heed studio',
    'heed next --model tuned --json | jq .images',
  ]).action(async ({ count, name, model, reward, sheet, queue, ...options }: NextCommandOptions) =>
    runCommand(options, async ({ openProject, progress, signal }) => {
      const project = await openProject();
      const { runNext } = await import('../../next/run.ts');
      const result = await runNext(project, { count, set: name, model, reward, sheet, queue, signal }, progress);
      const { images, candidates, weakCategories, prompts, queued } = result;
      const rows = prompts.slice(0, SHOWN).map((each) => [each.prompt, each.images]);
      return {
        data: result,
        lines: [
          `${images.length} of ${candidates} images without a judgement, of ${prompts.length} prompts`,
          ...(weakCategories.length > 0
            ? [`Counted double, because the reward is weak there: ${weakCategories.join(', ')}`]
            : []),
          ...formatTable([['prompt', 'images'], ...rows]),
          ...(sheet === undefined ? [] : [`Written to ${sheet}; fill in the column label, then heed label --import`]),
          ...(queue ? [`${queued} queries come first in heed studio`] : []),
        ],
      };
    }),
  );
}
