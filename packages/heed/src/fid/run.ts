/** `heed fid`: the distance between two sets of pictures. Each set is a folder or a statistics file. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadClip } from '@heed/diffusion';
import type { HeedConfig } from '../config/index.ts';
import { badInput } from '../errors.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { locateModel, type Project } from '../project/index.ts';
import { runtimeOf, threadsOf } from '../project/runtime.ts';
import { clipHashOf } from '../reward/clip-hash.ts';
import type { Interval } from '../statistics/index.ts';
import { fidInterval } from './distance-interval.ts';
import { type FidMeter, type FidStatistics, openFidMeter } from './fid-meter.ts';
import { measureCmmd } from './measure-cmmd.ts';
import { type OpenedSet, openSet, WEIGHTS_WANTED } from './measure-fid.ts';
import { listPictures } from './pictures/picture-folder.ts';
import { type Pictures, picturesOfFiles } from './pictures/pictures.ts';
import { isStatisticsFile, writeStatistics } from './statistics-file.ts';
import { userSumsFolder } from './sums-cache.ts';

/** Inputs that `runFid` and `runCmmd` share, besides the paths of the sets. */
export interface FidPlace {
  /** The settings of the project, or the defaults outside a project. */
  readonly config: HeedConfig;
  /** The project in which the command runs, if there is one; feature sums are then cached in the project's folder. */
  readonly project?: Project | undefined;
  readonly progress: ProgressFactory;
  readonly signal?: AbortSignal | undefined;
  /** Shows a note to the user. */
  note(text: string): void;
}

/** One set of a comparison. */
export interface ComparedSet {
  readonly path: string;
  /** Number of pictures; unknown for a .npz file. */
  readonly images?: number | undefined;
}

export interface FidResult {
  /** The FID; undefined when the command got only one path and saved the statistics of the pictures at that path. */
  readonly fid?: number;
  /** 95 % interval of the FID, if requested, from a jackknife over the first set's pictures. */
  readonly interval?: Interval;
  readonly sets: readonly ComparedSet[];
  /** Hash of the Inception weights; undefined when both sets were statistics files. */
  readonly inceptionHash?: string | undefined;
  readonly savedStatistics?: string | undefined;
}

/**
 * With fewer images than the 2,048 features, the covariance is singular and FID is too large; a note then warns the
 * user.
 */
const FEW_IMAGES = 2048;

/**
 * Computes FID between the pictures at two paths, or the feature statistics of the pictures at one path. With
 * `saveStats`, the statistics of the last path are saved.
 */
export async function runFid(
  paths: readonly string[],
  options: {
    inception?: string | undefined;
    batchSize?: number | undefined;
    side?: number | undefined;
    saveStats?: string | undefined;
    /**
     * Whether to compute a 95 % interval too, by a jackknife over the first path's pictures. FID is then computed ten
     * more times.
     */
    interval?: boolean | undefined;
  },
  place: FidPlace,
): Promise<FidResult> {
  const { inception, batchSize, side, saveStats, interval = false } = options;
  if (saveStats !== undefined && existsSync(saveStats)) {
    throw badInput(`${saveStats}: expected a new file for the statistics, got one that exists`);
  }
  const { config, progress, signal } = place;
  const meter = openFidMeter({
    ...(await runtimeOf({ config })),
    inceptionFile: () => inceptionFileOf(inception, place),
    cacheFolder: cacheFolderOf(place),
    batchSize,
    progress,
    signal,
  });
  try {
    // All sets are opened before the first is measured.
    const sets: OpenedSet[] = [];
    for (const path of paths) sets.push(await openSet(meter, path, { side }));
    const [first, second] = sets as [OpenedSet, OpenedSet | undefined];
    if (interval && (first.pictures === undefined || second === undefined)) {
      throw badInput(
        `--interval: expected a folder of pictures and what to compare it with, got ${paths.join(' and ')}`,
      );
    }
    for (const [i, { pictures }] of sets.entries()) await tellWhatToMind(paths[i]!, pictures?.count, place);
    const measured = interval
      ? await distanceWithInterval(meter, first.pictures!, second!)
      : await distanceOf(meter, first, second);
    if (saveStats !== undefined) await writeStatistics(saveStats, measured.last);
    const { fid, interval: ends } = measured;
    return {
      ...(fid === undefined ? {} : { fid }),
      ...(ends === undefined ? {} : { interval: ends }),
      sets: paths.map((path, i) => ({ path, images: sets[i]!.pictures?.count })),
      inceptionHash: meter.inceptionHash(),
      savedStatistics: saveStats,
    };
  } finally {
    await meter.close();
  }
}

/** A measured FID, and the feature statistics of the last set, which `saveStats` saves. */
interface Measured {
  readonly last: FidStatistics;
  readonly fid?: number;
  readonly interval?: Interval;
}

async function distanceOf(meter: FidMeter, first: OpenedSet, second: OpenedSet | undefined): Promise<Measured> {
  const a = await first.measure();
  if (second === undefined) return { last: a };
  const last = await second.measure();
  return { last, fid: await meter.distance(a, last) };
}

async function distanceWithInterval(meter: FidMeter, pictures: Pictures, reference: OpenedSet): Promise<Measured> {
  const last = await reference.measure();
  const interval = await fidInterval(meter, pictures, last);
  return { last, fid: interval.mean, interval };
}

async function tellWhatToMind(path: string, images: number | undefined, place: FidPlace): Promise<void> {
  if (images === undefined) return;
  await noteLeftOut(path, place);
  if (images < FEW_IMAGES) {
    place.note(
      `${path}: ${images} images; below ${FEW_IMAGES}, the number of features, FID comes out too large and compares with equal numbers alone`,
    );
  }
}

async function noteLeftOut(path: string, { note }: FidPlace): Promise<void> {
  const { capitalised } = await listPictures(path);
  if (capitalised > 0) {
    note(`${path}: ${capitalised} pictures are left out for the capital letters of their endings, as pytorch-fid does`);
  }
}

async function inceptionFileOf(inception: string | undefined, place: FidPlace): Promise<string> {
  const { config, project, progress, signal } = place;
  if (inception !== undefined) return locateModel(inception, { from: '.', kind: 'file', progress, signal });
  if (config.evaluate.inception === '') throw badInput(`--inception: ${WEIGHTS_WANTED}`);
  return locateModel(config.evaluate.inception, { from: project?.folder ?? '.', kind: 'file', progress, signal });
}

function cacheFolderOf({ project }: FidPlace): string {
  return project === undefined ? userSumsFolder() : join(project.paths.state, 'fid');
}

export interface CmmdResult {
  readonly cmmd: number;
  /**
   * 95 % interval of the CMMD from a jackknife over the first folder's pictures, of which there must be at least three.
   */
  readonly interval?: Interval;
  readonly sets: readonly ComparedSet[];
  readonly clipHash: string;
}

/** Computes CMMD between two folders with the CLIP model at `clip`, a transformers folder or a hub id. */
export async function runCmmd(
  paths: readonly [string, string],
  { clip: name, side }: { clip: string; side?: number | undefined },
  place: FidPlace,
): Promise<CmmdResult> {
  const { config, progress, signal } = place;
  const sets: Pictures[] = [];
  for (const path of paths) {
    if (isStatisticsFile(path))
      throw badInput(`${path}: expected a folder, because CMMD compares pictures, got statistics`);
    await noteLeftOut(path, place);
    sets.push(await picturesOfFiles((await listPictures(path)).files, { label: path, side }));
  }
  const folder = await locateModel(name, { from: '.', kind: 'clip', progress, signal });
  const clipHash = await clipHashOf(folder);
  await using clip = await loadClip(folder, await runtimeOf({ config }));
  const threads = threadsOf({ config });
  const [a, b] = sets as [Pictures, Pictures];
  const measured = await measureCmmd(a, b, {
    clip,
    clipHash,
    cacheFolder: cacheFolderOf(place),
    threads,
    progress,
    signal,
  });
  return { ...measured, sets: sets.map(({ label, count }) => ({ path: label, images: count })), clipHash };
}
