/** `heed generate`: generates images of the project's prompts for judging. */
import type { Command } from 'commander';
import { badInput, EXIT_CODES } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import type { Prompt } from '../../prompts/prompt.ts';
import {
  type CommandContext,
  type CommandResult,
  type CommonOptions,
  runCommand,
  withCommonOptions,
} from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { chosenShard, withShardOption } from '../shard-option.ts';

interface GenerateOptions extends CommonOptions {
  model?: string;
  name?: string;
  evaluation: boolean;
  shard?: string;
  merge: boolean;
  bestOf?: number;
  reward: string;
}

export function generateCommand(program: Command): void {
  const command = program
    .command('generate')
    .description('draw images of the training prompts; what is there already is not drawn again')
    .option('--model <name>', 'the model to draw with (default: the base model of heed.toml)')
    .option('--name <set>', "the set that the images belong to (default: 'train', or 'eval')")
    .option(
      '--best-of <n>',
      'keep the best of so many candidates a prompt, pruned while they are drawn',
      wholeNumber(2),
    )
    .option('--reward <name>', 'the reward that --best-of chooses by', 'default')
    .option('--evaluation', 'draw the evaluation prompts: judged, they test the reward on held-out prompts', false)
    .option(
      '--merge',
      'draw nothing: take in what shards have drawn, and name the shards that are not complete',
      false,
    );
  withShardOption(command);
  withCommonOptions(command, [
    'heed generate',
    'heed generate --set generate.promptLimit=100 --set generate.imagesPerPrompt=6',
    'heed generate --set generate.prompts=my-prompts.csv --name mine',
    'heed generate --name unlabelled      (not to be judged: tune learns from them by the reward alone)',
    'heed generate --shard 1/4            (on one of four machines that share the project folder)',
    'heed generate --merge',
    'heed generate --best-of 16 --name chosen --set generate.imagesPerPrompt=1',
    'heed generate --evaluation && heed label --simulate --name eval',
  ]).action(async (options: GenerateOptions) =>
    runCommand(options, (context) => (options.merge ? merge(options, context) : generate(options, context))),
  );
}

async function generate(
  { model, name, evaluation, shard: asked, bestOf, reward }: GenerateOptions,
  { openProject, progress, signal, note }: CommandContext,
): Promise<CommandResult> {
  if (bestOf !== undefined && (evaluation || asked !== undefined || name === undefined)) {
    throw badInput('expected --best-of with a separate set (--name), without --evaluation and without --shard');
  }
  const shard = await chosenShard(asked);
  const project = await openProject({ isShard: shard !== undefined });
  const { runGenerate } = await import('../../generate/run.ts');
  const set = name ?? (evaluation ? 'eval' : 'train');
  if (bestOf !== undefined) return drawChosen(project, { set, of: bestOf, reward, model, progress, signal });
  const what = evaluation ? ({ purpose: 'measure', ...(await evaluationWork(project)) } as const) : {};
  const result = await runGenerate(
    project,
    { set, ...what, ...(model === undefined ? {} : { model }), shard, signal, note },
    progress,
  );
  const drawn = `${result.images} images in set '${set}' (${result.generated} new)`;
  if (shard !== undefined) {
    return { data: result, lines: [`shard ${shard.number}/${shard.of}: ${drawn}; the next command takes them in`] };
  }
  return {
    data: result,
    lines: [
      `${drawn} in ${project.paths.images}`,
      ...(evaluation ? [] : await heldOutLines(project)),
      `Next: heed label${set === 'train' ? '' : ` --name ${set}`}`,
    ],
  };
}

async function merge({ shard }: GenerateOptions, { openProject }: CommandContext): Promise<CommandResult> {
  if (shard !== undefined) throw badInput('expected one of --merge and --shard, got both');
  const project = await openProject({ isShard: true });
  const { describeIncomplete, takeInShards } = await import('../../shards/take-in.ts');
  const { images = 0, incomplete = [] } = (await takeInShards(project)) ?? {};
  return {
    data: { images, incomplete },
    lines: [`took in ${images} images that shards drew`, ...incomplete.map(describeIncomplete)],
    exitCode: incomplete.length === 0 ? EXIT_CODES.ok : EXIT_CODES.failure,
  };
}

/**
 * Generates several candidates for each training prompt, keeps those with the highest reward, and prunes bad candidates
 * early.
 */
async function drawChosen(
  project: Project,
  {
    set,
    of,
    reward,
    model = project.config.model.name,
    progress,
    signal,
  }: Pick<CommandContext, 'progress' | 'signal'> & {
    set: string;
    of: number;
    reward: string;
    model: string | undefined;
  },
): Promise<CommandResult> {
  const { drawBest } = await import('../../generate/draw-best.ts');
  const { imagesPerPrompt, projectTrainingPrompts } = await import('../../prompts/index.ts');
  const prompts = await projectTrainingPrompts(project);
  const keep = (prompt: Prompt) => imagesPerPrompt(project, prompt);
  const purpose = 'learn' as const;
  const { images, generated, modelHash } = await drawBest(
    project,
    { set, purpose, model, prompts, keep, of, reward, signal },
    progress,
  );
  const count = images.flat().length;
  return {
    data: { set, model, modelHash, prompts: prompts.length, images: count, generated },
    lines: [`${count} images in set '${set}', each chosen of ${of} (${generated} new), in ${project.paths.images}`],
  };
}

/** Says how many prompts of the user's list were held out, and by which setting. */
async function heldOutLines(project: Project): Promise<string[]> {
  const { PAPER_PROMPTS } = await import('../../config/index.ts');
  const { projectPrompts } = await import('../../prompts/index.ts');
  const { generate } = project.config;
  if (generate.prompts === PAPER_PROMPTS) return [];
  const { learning, heldOutBy } = await projectPrompts(project);
  if (heldOutBy === undefined) return [];
  return [
    `${heldOutBy.prompts} of ${learning.length + heldOutBy.prompts} prompts are held out for evaluation (${heldOutBy.why}); heed generate --evaluation draws them`,
  ];
}

async function evaluationWork(project: Project): Promise<{ prompts: Prompt[]; imagesPerPrompt: number }> {
  const { projectEvaluationPrompts } = await import('../../prompts/index.ts');
  const { imagesPerPrompt, bestOf } = project.config.evaluate;
  // As many images as `heed evaluate` needs of the base model, so that it can reuse them.
  return { prompts: await projectEvaluationPrompts(project), imagesPerPrompt: Math.max(imagesPerPrompt, bestOf) };
}
