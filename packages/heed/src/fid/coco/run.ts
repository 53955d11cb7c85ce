/**
 * Measures FID as in the paper's appendix D. One random caption of each MS-COCO validation image is chosen, and each
 * model draws an image of each caption. The reference consists of MS-COCO's own images for these captions, at 256 x 256
 * pixels. All models draw the same captions from the same noise, and all are compared with the same reference.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../../errors.ts';
import { drawEvaluationImages } from '../../evaluate/evaluation-images.ts';
import { type GenerateRunResult, runGenerate } from '../../generate/run.ts';
import { createImageStore } from '../../images/index.ts';
import type { ProgressFactory } from '../../progress/index.ts';
import { modelFolder, type Project, startRun } from '../../project/index.ts';
import { CUSTOM_CATEGORY, type Prompt } from '../../prompts/prompt.ts';
import type { Shard } from '../../shards/shard.ts';
import type { FidMeter, FidStatistics } from '../fid-meter.ts';
import { openProjectMeter } from '../measure-fid.ts';
import { picturesOfFiles, picturesOfStore } from '../pictures/pictures.ts';
import { isStatisticsFile } from '../statistics-file.ts';
import { type CaptionedImage, chooseCaptions, readCocoCaptions } from './captions.ts';

/** Name of the image set in which the generated images are stored. */
export const COCO_SET = 'fidelity-coco';
/** The name of the result file in the run's folder. */
export const COCO_FILE = 'fid.json';
/** Width and height of the references and of the images, in pixels. */
const SIDE = 256;

export interface CocoFidOptions {
  /** captions_val2014.json */
  captions: string;
  /**
   * Path of the folder val2014 with MS-COCO's pictures, or of a .npz file with the feature statistics of these
   * pictures.
   */
  images: string;
  models: readonly string[];
  /** Number of images drawn by each model; all captioned images by default. */
  count?: number | undefined;
  /** File or Hugging Face hub id of the Inception weights; the setting `evaluate.inception` by default. */
  inception?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The measured FID of one model. */
export interface ModelFid {
  readonly model: string;
  readonly modelHash: string;
  readonly fid: number;
}

export interface CocoFid {
  readonly version: 1;
  readonly run: string;
  readonly time: string;
  readonly captions: string;
  readonly references: string;
  readonly seed: number;
  /** Number of images that each model drew. */
  readonly images: number;
  readonly side: number;
  readonly sampler: string;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly inceptionHash: string;
  readonly models: readonly ModelFid[];
}

/**
 * Draws missing images, measures FID and writes `runs/fid-0001/fid.json`. After an interruption the next call resumes.
 */
export async function runCocoFid(
  project: Project,
  options: CocoFidOptions,
  progress: ProgressFactory,
): Promise<CocoFid> {
  const { images, models, inception, signal } = options;
  for (const model of models) await modelFolder(project, model, { progress, signal });
  const chosen = await chosenCaptions(project, options);
  const meter = await openProjectMeter(project, { inception, progress, signal });
  try {
    // First, so that weights or pictures that are missing are told of before hours of drawing.
    const reference = await referenceOf(meter, images, chosen);
    const measured: ModelFid[] = [];
    for (const model of models) {
      const { modelHash, statistics } = await drawAndMeasure(project, { model, chosen, meter, signal }, progress);
      measured.push({ model, modelHash, fid: await meter.distance(statistics, reference) });
    }
    return await conclude(project, { options, chosen, meter, measured });
  } finally {
    await meter.close();
  }
}

/**
 * Draws one shard (one machine's part) of each model's images and measures no FID. The command without `--shard` merges
 * the images of all shards and measures FID.
 */
export async function drawCocoShard(
  project: Project,
  options: Pick<CocoFidOptions, 'captions' | 'models' | 'count' | 'signal'> & { shard: Shard },
  progress: ProgressFactory,
): Promise<GenerateRunResult[]> {
  const { models, shard, signal } = options;
  const work = drawingOf(await chosenCaptions(project, options));
  const results: GenerateRunResult[] = [];
  for (const model of models) {
    const aborting = signal === undefined ? {} : { signal };
    results.push(await runGenerate(project, { ...work, purpose: 'measure', model, shard, ...aborting }, progress));
  }
  return results;
}

async function chosenCaptions(
  project: Project,
  { captions, count }: Pick<CocoFidOptions, 'captions' | 'count'>,
): Promise<CaptionedImage[]> {
  const listed = await readCocoCaptions(captions);
  if (count !== undefined && count > listed.length) {
    throw badInput(`${captions}: expected ${count} images with captions, got ${listed.length}`);
  }
  return chooseCaptions(listed, { seed: project.config.seed, count });
}

/** The prompts to draw. A caption that was chosen for several images is drawn once for each of these images. */
function drawingOf(chosen: readonly CaptionedImage[]) {
  const times = new Map<string, number>();
  for (const { caption } of chosen) times.set(caption, (times.get(caption) ?? 0) + 1);
  const prompts: Prompt[] = [...times.keys()].map((text) => ({ text, category: CUSTOM_CATEGORY, holdout: true }));
  return { set: COCO_SET, prompts, imagesPerPrompt: ({ text }: Prompt) => times.get(text)! };
}

async function referenceOf(meter: FidMeter, path: string, chosen: readonly CaptionedImage[]): Promise<FidStatistics> {
  if (isStatisticsFile(path)) return meter.ofFile(path);
  const files = chosen.map(({ file }) => join(path, file));
  for (const file of files) {
    if (!(await stat(file).catch(() => undefined))?.isFile()) {
      throw badInput(`${file}: expected an image that the captions name, got nothing there`);
    }
  }
  return meter.ofPictures(await picturesOfFiles(files, { label: 'the references', side: SIDE }));
}

async function drawAndMeasure(
  project: Project,
  options: { model: string; chosen: readonly CaptionedImage[]; meter: FidMeter; signal: AbortSignal | undefined },
  progress: ProgressFactory,
): Promise<{ modelHash: string; statistics: FidStatistics }> {
  const { model, chosen, meter, signal } = options;
  const store = () => createImageStore(project.paths.images);
  const { images, modelHash } = await drawEvaluationImages(
    project,
    { ...drawingOf(chosen), model, openStore: store, signal },
    progress,
  );
  const opened = store();
  try {
    const ids = images.flat().map(({ id }) => id);
    const statistics = await meter.ofPictures(picturesOfStore(opened, ids, { label: model, side: SIDE }));
    return { modelHash, statistics };
  } finally {
    await opened.close();
  }
}

async function conclude(
  project: Project,
  {
    options,
    chosen,
    meter,
    measured,
  }: {
    options: CocoFidOptions;
    chosen: readonly CaptionedImage[];
    meter: FidMeter;
    measured: readonly ModelFid[];
  },
): Promise<CocoFid> {
  const run = await startRun(project, { command: 'fid' });
  const { sampler, steps, guidanceScale } = project.config.sample;
  const result: CocoFid = {
    version: 1,
    run: run.id,
    time: new Date().toISOString(),
    captions: options.captions,
    references: options.images,
    seed: project.config.seed,
    images: chosen.length,
    side: SIDE,
    sampler,
    steps,
    guidanceScale,
    inceptionHash: meter.inceptionHash()!,
    models: measured,
  };
  await writeFileAtomically(join(run.folder, COCO_FILE), `${JSON.stringify(result, null, 1)}\n`);
  return result;
}
