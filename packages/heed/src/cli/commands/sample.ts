/** `heed sample`: generates a few images of any prompt with any model of the project. */
import type { Command } from 'commander';
import type { Project } from '../../project/project.ts';
import { type CommonOptions, collect, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';

interface SampleOptions extends CommonOptions {
  prompt: string[];
  prompts?: string;
  model?: string;
  count: number;
  seed: number;
  out: string;
}

export function sampleCommand(program: Command): void {
  const command = program
    .command('sample')
    .description('draw images of prompts of your own with one of the models')
    .option('--prompt <text>', 'what to draw (can be repeated)', collect, [])
    .option('--prompts <file>', 'a .txt or .csv file of prompts')
    .option('--model <name>', 'the model to draw with (default: the base model of heed.toml)')
    .option('--count <n>', 'images a prompt', wholeNumber(1), 4)
    .option('--seed <n>', 'seed of the first image; the others follow it', wholeNumber(0), 0)
    .option('--out <folder>', 'where the PNGs and the grid go', 'samples');
  withCommonOptions(command, [
    "heed sample --prompt 'Two blue dogs in the forest.'",
    "heed sample --model tuned --prompt 'Three apples.' --count 8 --seed 7 --out apples",
    'heed sample --prompts ideas.txt --set sample.guidanceScale=5',
  ]).action(async (options: SampleOptions) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const { badInput } = await import('../../errors.ts');
      const project = await openProject();
      const fromFile = options.prompts === undefined ? [] : await readTexts(options.prompts, project);
      const prompts = [...options.prompt, ...fromFile];
      if (prompts.length === 0)
        throw badInput('expected something to draw: --prompt <text> or --prompts <file>, got neither');
      const { runSample } = await import('../../sample/run.ts');
      const { model, count, seed, out } = options;
      const result = await runSample(
        project,
        { prompts, count, seed, out, ...(model === undefined ? {} : { model }), signal, note },
        progress,
      );
      return { data: result, lines: result.files.map(String) };
    }),
  );
}

async function readTexts(path: string, project: Project): Promise<string[]> {
  const { worldOf } = await import('../../parts.ts');
  const { readPromptsFile } = await import('../../prompts/prompts-file.ts');
  return (await readPromptsFile(path, await worldOf(project.config))).map(({ text }) => text);
}
