/**
 * `heed try`: generates images of one prompt by several models from the same noise, and shows the best of n by reward
 * beside a random image.
 */
import type { Command } from 'commander';
import { type CommonOptions, collect, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';

interface TryCommandOptions extends CommonOptions {
  prompt: string;
  model: string[];
  count: number;
  bestOf: number;
  reward: string;
  name?: string;
}

export function tryCommand(program: Command): void {
  const command = program
    .command('try')
    .description("draw one prompt by several models from the same noise, into the project's set 'try'")
    .requiredOption('--prompt <text>', 'what to draw')
    .option('--model <name>', 'a model to draw with (can be repeated; default: the base model)', collect, [])
    .option('--count <n>', 'pictures of each model', wholeNumber(1), 4)
    .option('--best-of <n>', 'let the reward choose among so many pictures of the first model', wholeNumber(0), 0)
    .option('--reward <name>', 'the reward that chooses', 'default')
    .option('--name <id>', 'names the record in tries.jsonl (default: a random id)');
  withCommonOptions(command, [
    "heed try --prompt 'Two blue dogs in the forest.' --model base --model tuned",
    "heed try --prompt 'Three apples.' --model tuned --best-of 16",
  ]).action(async (options: TryCommandOptions) =>
    runCommand(options, async ({ openProject, progress, signal, note }) => {
      const { badInput } = await import('../../errors.ts');
      const { faultOfLine } = await import('../../files/read-text.ts');
      const { MAX_PROMPT_LENGTH } = await import('../../prompts/prompts-file.ts');
      const fault = faultOfLine(options.prompt, { maxLength: MAX_PROMPT_LENGTH });
      if (fault !== undefined) throw badInput(`--prompt: ${fault}`);
      const project = await openProject();
      const { randomUUID } = await import('node:crypto');
      const { runTry } = await import('../../try/run.ts');
      const { prompt, count, bestOf, reward, name: id = randomUUID() } = options;
      const models = [...new Set(options.model.length === 0 ? [project.config.model.name] : options.model)];
      const result = await runTry(project, { id, prompt, models, count, bestOf, reward, signal, note }, progress);
      return {
        data: result,
        lines: result.drawn.map(({ model, images }) => `${model}: ${images.join(' ')}`),
      };
    }),
  );
}
