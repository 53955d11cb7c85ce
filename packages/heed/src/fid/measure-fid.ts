/** FID of sets of pictures against the reference in the project's settings, for an evaluation. */
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
   * two picture indices. FID is never below 0; lower is nearer. Below 2,048 images it depends more on their number than
   * on their look.
   */
  open(images: Pictures, keys: readonly string[]): Promise<(indices: readonly number[]) => Promise<number>>;
  close(): Promise<void>;
}

interface MeasureOptions {
  /** Folder or .npz file; `evaluate.reference` by default. */
  reference?: string | undefined;
  /** File or hub id; `evaluate.inception` by default. */
  inception?: string | undefined;
  progress: ProgressFactory;
  signal?: AbortSignal | undefined;
}

/** Opens a meter that caches its sums in the project and follows the project's runtime settings. */
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

/** End of the error messages for missing weights. */
export const WEIGHTS_WANTED =
  "expected the weights of FID's InceptionV3 (pytorch-fid's pt_inception-2015-12-05-6726825d.pth), a file or org/name/file.pth on the hub, got none";

/** One set of a comparison, opened but not measured yet. */
export interface OpenedSet {
  /** Undefined when the set is a statistics file. */
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
 * Opens the measurement of several sets. The first measurement computes the reference's statistics, which are cached
 * for later commands. Throws when the settings name no reference or no weights.
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
