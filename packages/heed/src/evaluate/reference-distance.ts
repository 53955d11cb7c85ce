/**
 * How far an arm's images are from the pictures of `evaluate.reference`: FID as pytorch-fid computes it, and CMMD on the
 * project's CLIP. All arms have equally many images, since both distances depend on their number.
 */
import { openReferenceFid } from '../fid/measure-fid.ts';
import { listPictures } from '../fid/pictures/picture-folder.ts';
import { type Pictures, picturesOfFiles, picturesOfStore } from '../fid/pictures/pictures.ts';
import { isStatisticsFile } from '../fid/statistics-file.ts';
import type { ImageStore } from '../images/index.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { type Project, resolveInProject } from '../project/index.ts';
import type { Features } from '../reward/features.ts';
import { cmmd } from '../statistics/index.ts';
import type { Arm } from './arm.ts';
import type { ReferenceDistance } from './evaluation.ts';
import { rowsOf } from './fidelity.ts';

/** The distances of every arm by its name, and what could not be measured. Empty where the settings name no reference. */
export async function measureReference(
  project: Project,
  options: {
    arms: readonly Arm[];
    /** Images of each prompt that count; those beyond are the choice of best-of-n. */
    imagesPerPrompt: number;
    features: Features;
    store: ImageStore;
    signal: AbortSignal | undefined;
  },
  progress: ProgressFactory,
): Promise<{ distances: Readonly<Record<string, ReferenceDistance>>; notes: string[] }> {
  const { reference, inception } = project.config.evaluate;
  if (reference === '') return { distances: {}, notes: [] };
  const path = resolveInProject(project, reference);
  const sets = options.arms.map((arm) => ({
    name: arm.name,
    ids: arm.images.flatMap((ofPrompt) => ofPrompt.slice(0, options.imagesPerPrompt).map(({ id }) => id)),
  }));
  const fids = inception === '' ? undefined : await fidOf(project, sets, options, progress);
  const cmmds = isStatisticsFile(path) ? undefined : await cmmdOf(path, sets, options, progress);
  const notes = [
    ...(fids ? [] : ["FID: evaluate.inception names no weights of FID's InceptionV3"]),
    ...(cmmds ? [] : ['CMMD: evaluate.reference holds statistics, and CMMD compares pictures']),
  ];
  const distances = sets.map(({ name, ids }, i): [string, ReferenceDistance] => [
    name,
    { images: ids.length, ...(fids ? { fid: fids[i]! } : {}), ...(cmmds ? { cmmd: cmmds[i]! } : {}) },
  ]);
  return { distances: Object.fromEntries(distances), notes };
}

interface ArmImages {
  readonly name: string;
  readonly ids: readonly string[];
}

async function fidOf(
  project: Project,
  sets: readonly ArmImages[],
  { store, signal }: { store: ImageStore; signal: AbortSignal | undefined },
  progress: ProgressFactory,
): Promise<number[]> {
  const reference = openReferenceFid(project, { progress, signal });
  try {
    const found: number[] = [];
    for (const { name, ids } of sets) {
      found.push((await reference.measure(picturesOfStore(store, ids, { label: name }))).fid);
    }
    return found;
  } finally {
    await reference.close();
  }
}

async function cmmdOf(
  path: string,
  sets: readonly ArmImages[],
  { features, signal }: { features: Features; signal: AbortSignal | undefined },
  progress: ProgressFactory,
): Promise<number[]> {
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
  const found: number[] = [];
  for (const { ids } of sets) found.push(await cmmd(rowsOf(features, ids), rows, features.projectionDim, { signal }));
  return found;
}

function referenceKey({ key }: Pictures, index: number): string {
  return `reference ${key} ${index}`;
}
