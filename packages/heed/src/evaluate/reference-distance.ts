/**
 * Distance between an arm's images and the pictures of `evaluate.reference`: FID as pytorch-fid computes it, and CMMD
 * on the project's CLIP. All arms have the same number of images, since both distances depend on it. Intervals come
 * from a jackknife over prompts (`statistics/jackknife.ts`); the reference is treated as fixed.
 */
import { FEWEST_PICTURES } from '../fid/distance-interval.ts';
import { openReferenceFid } from '../fid/measure-fid.ts';
import { listPictures } from '../fid/pictures/picture-folder.ts';
import { type Pictures, picturesOfFiles, picturesOfStore } from '../fid/pictures/pictures.ts';
import { isStatisticsFile } from '../fid/statistics-file.ts';
import type { ImageStore } from '../images/index.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { type Project, resolveInProject } from '../project/index.ts';
import type { Features } from '../reward/features.ts';
import {
  cmmdByPart,
  type Jackknifed,
  type JackknifeGroups,
  jackknife,
  jackknifeDifference,
  jackknifeGroups,
  jackknifeInterval,
} from '../statistics/index.ts';
import type { Arm } from './arm.ts';
import type { ArmFigure, Difference, Figure } from './evaluation.ts';
import { rowsOf } from './fidelity.ts';
import type { ArmPair } from './figures.ts';

/** The images from which an arm's distance is computed, and the groups that the jackknife leaves out in turn. */
interface ArmImages {
  readonly name: string;
  readonly ids: readonly string[];
  /** Groups of prompts, or groups of images when there is only one prompt. */
  readonly groups: JackknifeGroups;
  /** For each image, the number of its group in `groups`. */
  readonly partOf: Int32Array;
}

/** Computes one distance of an arm from the images in the given groups. */
type ArmDistance = (parts: readonly number[]) => number | Promise<number>;

export interface ReferenceOptions {
  readonly arms: readonly Arm[];
  readonly pairs: readonly ArmPair[];
  /**
   * Number of images of each prompt from which the distance is computed. The remaining images are only candidates for
   * best-of-n.
   */
  readonly imagesPerPrompt: number;
  readonly features: Features;
  readonly store: ImageStore;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Measures FID and CMMD of every arm; `notes` say what could not be measured. Both lists are empty when the settings
 * name no reference.
 */
export async function measureReference(
  project: Project,
  options: ReferenceOptions,
  progress: ProgressFactory,
): Promise<{ figures: Figure[]; notes: string[] }> {
  const { reference, inception } = project.config.evaluate;
  if (reference === '') return { figures: [], notes: [] };
  const sets = options.arms.map((arm) => imagesOf(arm, options));
  const fewest = Math.min(...sets.map(({ ids }) => ids.length));
  if (fewest < FEWEST_PICTURES) {
    return { figures: [], notes: [`FID and CMMD: they need ${FEWEST_PICTURES} images of each model, got ${fewest}`] };
  }
  const path = resolveInProject(project, reference);
  const figures: Figure[] = [];
  const notes: string[] = [];
  if (inception === '') notes.push("FID: evaluate.inception names no weights of FID's InceptionV3");
  else figures.push(await fidFigure(project, sets, options, progress));
  if (isStatisticsFile(path)) notes.push('CMMD: evaluate.reference holds statistics, and CMMD compares pictures');
  else figures.push(await cmmdFigure(path, sets, options, progress));
  return { figures, notes };
}

function imagesOf({ name, images }: Arm, { imagesPerPrompt, seed }: ReferenceOptions): ArmImages {
  const byPrompt = images.map((ofPrompt) => ofPrompt.slice(0, imagesPerPrompt)).filter(({ length }) => length > 0);
  const ids = byPrompt.flat().map(({ id }) => id);
  const unitOf = byPrompt.length > 1 ? byPrompt.flatMap((ofPrompt, unit) => ofPrompt.map(() => unit)) : [...ids.keys()];
  const groups = jackknifeGroups(byPrompt.length > 1 ? byPrompt.length : ids.length, seed);
  return { name, ids, groups, partOf: Int32Array.from(unitOf, (unit) => groups.partOf[unit]!) };
}

async function fidFigure(
  project: Project,
  sets: readonly ArmImages[],
  options: ReferenceOptions,
  progress: ProgressFactory,
): Promise<Figure> {
  const { store, signal } = options;
  const reference = await openReferenceFid(project, { progress, signal });
  try {
    const open = async ({ name, ids, partOf }: ArmImages): Promise<ArmDistance> => {
      const distance = await reference.open(picturesOfStore(store, ids, { label: name }), ids);
      return (parts) => distance([...ids.keys()].filter((index) => parts.includes(partOf[index]!)));
    };
    const judge = 'the reference pictures: FID as pytorch-fid computes it, jackknife over prompts';
    return await figureOf({ id: 'fid', label: 'FID', judge }, { sets, open, options }, progress);
  } finally {
    await reference.close();
  }
}

async function cmmdFigure(
  path: string,
  sets: readonly ArmImages[],
  options: ReferenceOptions,
  progress: ProgressFactory,
): Promise<Figure> {
  const { features, signal } = options;
  const { files } = await listPictures(path);
  const pictures = await picturesOfFiles(files, { label: 'the reference' });
  const keys = Array.from({ length: pictures.count }, (_, i) => referenceKey(pictures, i));
  const work = progress({ total: keys.length, label: 'embed the reference', unit: 'image' });
  const indexOf = new Map(keys.map((key, i) => [key, i]));
  await features.prepareImages(keys, (key) => pictures.read(indexOf.get(key)!), {
    onProgress: (done) => work.update(done),
    ...(signal === undefined ? {} : { signal }),
  });
  work.done();
  const rows = rowsOf(features, keys);
  const open = ({ ids, partOf, groups }: ArmImages): Promise<ArmDistance> =>
    cmmdByPart(rowsOf(features, ids), rows, features.projectionDim, { partOf, parts: groups.count + 1, signal });
  const judge = "the reference pictures: CMMD on the project's CLIP, jackknife over prompts";
  return figureOf({ id: 'cmmd', label: 'CMMD', judge }, { sets, open, options }, progress);
}

/**
 * Computes the distance of every arm with its interval, and the paired differences between arms. In a paired difference
 * the jackknife leaves the same prompts out of both arms.
 */
async function figureOf(
  figure: Pick<Figure, 'id' | 'label' | 'judge'>,
  {
    sets,
    open,
    options: { pairs },
  }: { sets: readonly ArmImages[]; open: (set: ArmImages) => Promise<ArmDistance>; options: ReferenceOptions },
  progress: ProgressFactory,
): Promise<Figure> {
  const work = progress({ total: sets.length, label: figure.label, unit: 'model' });
  const arms: Record<string, ArmFigure> = {};
  const found = new Map<string, { jackknifed: Jackknifed; groups: JackknifeGroups }>();
  for (const set of sets) {
    const { groups } = set;
    const jackknifed = await jackknife(groups, await open(set));
    found.set(set.name, { jackknifed, groups });
    // With two units or more, an interval exists.
    const interval = jackknifeInterval(jackknifed, groups, { least: 0 })!;
    arms[set.name] = { ...interval, count: set.ids.length, byCategory: {} };
    work.update(found.size);
  }
  work.done();
  const differences = pairs.flatMap(([treated, baseline]): Difference[] => {
    const [a, b] = [found.get(treated)!, found.get(baseline)!];
    const interval = jackknifeDifference(a.jackknifed, b.jackknifed, a.groups);
    return interval === undefined ? [] : [{ treated, baseline, interval }];
  });
  return { ...figure, unit: 'number', arms, differences };
}

function referenceKey({ key }: Pictures, index: number): string {
  return `reference ${key} ${index}`;
}
