/** `heed fid`: measures the distance between generated and real pictures as papers do, by FID or CMMD. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { badInput } from '../../errors.ts';
import type { CocoFid } from '../../fid/coco/run.ts';
import type { CmmdResult, FidPlace, FidResult } from '../../fid/run.ts';
import type { Project } from '../../project/project.ts';
import type { Shard } from '../../shards/shard.ts';
import type { Interval } from '../../statistics/index.ts';
import {
  type CommandContext,
  type CommandResult,
  type CommonOptions,
  collect,
  runCommand,
  withCommonOptions,
} from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { chosenShard, withShardOption } from '../shard-option.ts';
import { formatTable } from '../table.ts';

interface FidOptions extends CommonOptions {
  inception?: string;
  batch?: number;
  size?: number;
  saveStats?: string;
  interval: boolean;
  cmmd: boolean;
  clip?: string;
  coco?: string;
  images?: string;
  model: string[];
  count?: number;
  shard?: string;
}

export function fidCommand(program: Command): void {
  const command = program
    .command('fid')
    .description('FID of pictures as pytorch-fid computes it, between folders or .npz statistics; CMMD; FID on MS-COCO')
    .argument('[paths...]', 'two folders of pictures, or .npz files of statistics')
    .option(
      '--inception <file>',
      "FID's InceptionV3: .pth, .safetensors, or org/name/file.pth on the hub (default: evaluate.inception)",
    )
    .option('--batch <n>', 'pictures that the network works on at once (default: 16)', wholeNumber(1))
    .option('--size <pixels>', 'cut the middle out of every picture and bring it to this size first', wholeNumber(8))
    .option(
      '--save-stats <file>',
      'write the statistics of the last path to a .npz file, for pytorch-fid or for next time',
    )
    .option('--interval', "with FID, its 95 % interval over the first folder's pictures: ten more distances", false)
    .option('--cmmd', 'CMMD in place of FID: distance of CLIP embeddings, steadier for few pictures', false)
    .option('--clip <path>', 'the CLIP for CMMD: a transformers folder, or the id of one on the hub')
    .option(
      '--coco <file>',
      'captions_val2014.json: draw one caption of each image with models of the project, as the paper does',
    )
    .option('--images <folder>', 'the folder val2014, or a .npz file of its statistics at 256 pixels')
    .option('--model <name>', 'a model to draw with (can be repeated; default: the base and tuned)', collect, [])
    .option('--count <n>', 'how many of the captioned images (default: all; the paper has 40504)', wholeNumber(2));
  withShardOption(command);
  withCommonOptions(command, [
    'heed fid generated/ real/ --inception pt_inception-2015-12-05-6726825d.pth',
    'heed fid generated/ real.npz --inception pt_inception-2015-12-05-6726825d.pth --json',
    'heed fid real/ --save-stats real.npz --inception pt_inception-2015-12-05-6726825d.pth',
    'heed fid --cmmd --clip openai/clip-vit-large-patch14-336 generated/ real/',
    'heed fid --coco captions_val2014.json --images val2014/ --model base --model tuned --count 40504',
    'heed fid --coco captions_val2014.json --shard 1/4    (draws its part; then once more without --shard)',
  ]).action(async (paths: string[], options: FidOptions) =>
    runCommand(options, (context) => {
      if (options.coco !== undefined) return coco(paths, options, context);
      return options.cmmd ? cmmd(paths, options, context) : fid(paths, options, context);
    }),
  );
}

async function fid(paths: readonly string[], options: FidOptions, context: CommandContext): Promise<CommandResult> {
  const { inception, batch: batchSize, size: side, saveStats, interval } = options;
  if (paths.length !== 2 && !(paths.length === 1 && saveStats !== undefined)) {
    throw badInput(`expected two folders or .npz files, or one with --save-stats, got ${paths.length}`);
  }
  const { runFid } = await import('../../fid/run.ts');
  const result = await runFid(
    paths,
    { inception, batchSize, side, saveStats, interval },
    await placeOf(options, context),
  );
  return { data: result, lines: describeFid(result) };
}

async function cmmd(paths: readonly string[], options: FidOptions, context: CommandContext): Promise<CommandResult> {
  const [a, b, ...others] = paths;
  if (a === undefined || b === undefined || others.length > 0) {
    throw badInput(`--cmmd: expected two folders of pictures, got ${paths.length}`);
  }
  if (options.clip === undefined) throw badInput('--cmmd: expected --clip with a CLIPModel folder or hub id, got none');
  const { runCmmd } = await import('../../fid/run.ts');
  const { clip, size: side } = options;
  const result = await runCmmd([a, b], { clip, side }, await placeOf(options, context));
  return { data: result, lines: describeCmmd(result) };
}

async function coco(paths: readonly string[], options: FidOptions, context: CommandContext): Promise<CommandResult> {
  if (paths.length > 0) throw badInput(`--coco: expected no other paths, got ${paths.length}`);
  const shard = await chosenShard(options.shard);
  if (shard !== undefined) return cocoShard(shard, options, context);
  if (options.images === undefined) throw badInput('--coco: expected --images with the folder val2014, got none');
  const { openProject, progress, signal } = context;
  const project = await openProject();
  const { runCocoFid } = await import('../../fid/coco/run.ts');
  const { coco: captions, images, count, inception } = options;
  const models = modelsOf(options, project);
  // Command-line paths are relative to the working directory; paths in settings are relative to the project.
  const result = await runCocoFid(
    project,
    { captions: captions!, images, models, count, inception: inception && inceptionPath(inception), signal },
    progress,
  );
  return { data: result, lines: describeCoco(result) };
}

async function cocoShard(
  shard: Shard,
  options: FidOptions,
  { openProject, progress, signal }: CommandContext,
): Promise<CommandResult> {
  const project = await openProject({ isShard: true });
  const { drawCocoShard } = await import('../../fid/coco/run.ts');
  const { coco: captions, count } = options;
  const models = modelsOf(options, project);
  const drawn = await drawCocoShard(project, { captions: captions!, models, count, shard, signal }, progress);
  const lines = drawn.map(({ model, images, generated }) => `${images} images by ${model} (${generated} new)`);
  return { data: { shard, drawn }, lines: [...lines, 'Next: the same without --shard, once all shards have ended'] };
}

function modelsOf({ model }: FidOptions, project: Project): string[] {
  return model.length > 0 ? model : [project.config.model.name, 'tuned'];
}

/** Makes `inception` an absolute path if the file exists; any other value may be a hub id and is returned unchanged. */
function inceptionPath(inception: string): string {
  return existsSync(inception) ? resolve(inception) : inception;
}

/** Chooses the settings and the cache: those of the project, or without a project the defaults and the user's cache. */
async function placeOf(options: FidOptions, context: CommandContext): Promise<FidPlace> {
  const { openProject, progress, signal, note } = context;
  const { parseConfig } = await import('../../config/index.ts');
  const project = existsSync(join(options.project, 'heed.toml')) ? await openProject() : undefined;
  const config = project?.config ?? parseConfig('', { source: '--set', overrides: options.set });
  return { config, project, progress, signal, note };
}

function describeFid({ fid: distance, interval, sets, savedStatistics }: FidResult): string[] {
  return [
    ...(distance === undefined ? [] : [`FID ${formatDistance(distance, interval)}`]),
    ...describeSets(sets),
    ...(savedStatistics === undefined ? [] : [`Statistics of ${sets.at(-1)!.path} in ${savedStatistics}`]),
  ];
}

function describeCmmd({ cmmd: distance, interval, sets }: CmmdResult): string[] {
  return [`CMMD ${formatDistance(distance, interval)}`, ...describeSets(sets)];
}

/** '22.0831 [21.4, 22.8]' */
function formatDistance(distance: number, interval: Interval | undefined): string {
  const value = distance.toFixed(4);
  return interval === undefined ? value : `${value} [${interval.lo.toFixed(4)}, ${interval.hi.toFixed(4)}]`;
}

function describeSets(sets: readonly { path: string; images?: number | undefined }[]): string[] {
  return formatTable(
    sets.map(({ path, images }) => ['', images === undefined ? 'statistics' : `${images} images`, path]),
  );
}

function describeCoco({ models, images, references, side, seed, run }: CocoFid): string[] {
  return [
    ...formatTable([['model', 'FID'], ...models.map(({ model, fid: distance }) => [model, distance.toFixed(2)])]),
    `${images} captions of MS-COCO by seed ${seed}, an image of each, against ${references} at ${side} x ${side} pixels`,
    `Written to runs/${run}/fid.json`,
  ];
}
