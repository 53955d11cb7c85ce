/** `heed demo`: runs the whole loop, from generating images to the report, with the built-in model. */
import { type Command, Option } from 'commander';
import { DEVICE_SETTINGS, type DeviceSetting } from '../../config/device-names.ts';
import { type CommonOptions, runCommand } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';

interface DemoOptions extends Pick<CommonOptions, 'json'> {
  out: string;
  scale: 'tiny' | 'small' | 'paper';
  seed: number;
  device?: DeviceSetting;
}

export function demoCommand(program: Command): void {
  program
    .command('demo')
    .description('run the whole loop with the built-in model and simulated raters; resumes by itself')
    .option('--out <folder>', 'the project that it makes', 'demo')
    .addOption(
      new Option(
        '--scale <scale>',
        "'small' takes minutes, 'paper' 27,528 images and hours, 'tiny' shows only that it runs",
      )
        .choices(['tiny', 'small', 'paper'])
        .default('small'),
    )
    .option('--seed <n>', 'the seed of everything random', wholeNumber(0), 0)
    .addOption(new Option('--device <device>', 'where the networks run (default: cpu)').choices(DEVICE_SETTINGS))
    .option('--json', 'print the summary as one JSON document, progress as JSON lines on stderr', false)
    .addHelpText(
      'after',
      `
Examples:
  $ heed demo
  $ heed demo --seed 1 --out demo-1
  $ heed demo --scale paper --out paper --device webgpu
`,
    )
    .action(async ({ out, scale, seed, device, json }: DemoOptions) =>
      runCommand({ project: out, set: [], json }, async ({ progress, signal, note }) => {
        const { runDemo } = await import('../../demo/run.ts');
        const { summary, lines } = await runDemo({ folder: out, scale, seed, device, signal, note }, progress);
        return { data: summary, lines };
      }),
    );
}
