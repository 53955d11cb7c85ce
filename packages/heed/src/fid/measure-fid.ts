/** For an evaluation, measures FID of sets of pictures against the reference set that the project's settings name. */
import { join } from 'node:path';
import { INCEPTION_FEATURES } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { locateModel, type Project, resolveInProject } from '../project/index.ts';
import { runtimeOf } from '../project/runtime.ts';
import { momentsOf } from '../statistics/index.ts';
import { rowsAt } from './feature-rows.ts';
import { type FidMeter, type FidStatistics, openFidMeter } from './fid-meter.ts';
import { listPictures } from './pictures/picture-folder.ts';
import { type Pictures, picturesOfFiles } from './pictures/pictures.ts';
import { isStatisticsFile } from './statistics-file.ts';

/** Measures sets of pictures against one reference. */
export interface ReferenceFid {
  /**
   * Computes the features of a set by picture name. Returns a function that computes FID of a subset, given at least
   * two picture indices. FID is never below 0; a lower FID means that the subset is closer to the reference. With fewer
   * than 2,048 images, FID depends more on the number of images than on what the images look like.
   */
  open(images: Pictures, keys: readonly string[]): Promise<(indices: readonly number[]) => Promise<number>>;
  close(): Promise<void>;
}

interface MeasureOptions {
  /**
   * Folder of the reference pictures or .npz file of reference statistics; the setting `evaluate.reference` by default.
   */
  reference?: string | undefined;
  /** File or Hugging Face hub id of the Inception weights; the setting `evaluate.inception` by default. */
  inception?: string | undefined;
  progress: ProgressFactory;
  signal?: AbortSignal | undefined;
}

/**
 * Opens an FID meter with the device, precision and threads of the project's settings. Feature sums are cached in the
 * project's folder.
 */
export async function openProjectMeter(
  project: Project,
  { inception = project.config.evaluate.inception, progress, signal }: Omit<MeasureOptions, 'reference'>,
): Promise<FidMeter> {
  return openFidMeter({
    ...(await runtimeOf(project)),
    cacheFolder: join(project.paths.state, 'fid'),
    progress,
    signal,
    async inceptionFile() {
      if (inception === '') throw badInput(`evaluate.inception: ${WEIGHTS_WANTED}`);
      return locateModel(inception, { from: project.folder, kind: 'file', progress, signal });
    },
  });
}

/** Last words of the error messages about missing Inception weights. */
export const WEIGHTS_WANTED =
  "expected the weights of FID's InceptionV3 (pytorch-fid's pt_inception-2015-12-05-6726825d.pth), a file or org/name/file.pth on the hub, got none";

/** One set of a comparison, opened but not measured yet. */
export interface OpenedSet {
  /** The pictures of the set; undefined when the set is a statistics file. */
  readonly pictures?: Pictures;
  measure(): Promise<FidStatistics>;
}

/**
 * Opens a folder of pictures or a .npz statistics file. Pictures are resized to `side` pixels if it is given. Throws at
 * once when the path is neither a folder of pictures nor a statistics file.
 */
export async function openSet(
  meter: FidMeter,
  path: string,
  { label = path, side }: { label?: string; side?: number | undefined } = {},
): Promise<OpenedSet> {
  if (isStatisticsFile(path)) {
    const statistics = await meter.ofFile(path);
    return { measure: async () => statistics };
  }
  const pictures = await picturesOfFiles((await listPictures(path)).files, { label, side });
  return { pictures, measure: () => meter.ofPictures(pictures) };
}

/**
 * Opens a measurement of several sets of pictures against one reference. The first measurement computes the reference's
 * statistics, which are cached for later commands. Throws when the settings name no reference or no weights.
 */
export async function openReferenceFid(project: Project, options: MeasureOptions): Promise<ReferenceFid> {
  const { reference = project.config.evaluate.reference } = options;
  if (reference === '') {
    throw badInput('evaluate.reference: expected a folder of pictures or a .npz file of statistics, got none');
  }
  const meter = await openProjectMeter(project, options);
  let known: FidStatistics | undefined;
  return {
    async open(images, keys) {
      known ??= await (
        await openSet(meter, resolveInProject(project, reference), { label: 'the reference' })
      ).measure();
      const rows = await meter.rowsOfPictures(images, keys);
      return async (indices) => meter.distance(await momentsOf(rowsAt(rows, indices), INCEPTION_FEATURES), known!);
    },
    close: () => meter.close(),
  };
}
