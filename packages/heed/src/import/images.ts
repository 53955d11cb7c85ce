/**
 * `heed import images`: people's own pictures with their prompts into the project's store, re-encoded, to be judged and
 * learned from like drawn ones. A bad line of the list refuses all; a picture that does not decode is left out and named.
 */
import { createHash } from 'node:crypto';
import { badInput, HeedError, isBadInput } from '../errors.ts';
import { decodePicture, readPictureFile } from '../images/read-picture.ts';
import { IMPORTED, type ImageRecipe, type Purpose } from '../images/record.ts';
import { createImageStore } from '../images/store.ts';
import { worldOf } from '../parts.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { silentProgress } from '../progress/progress.ts';
import { checkName, modelFolder, type Project, withLock } from '../project/index.ts';
import { type FileFinder, type ListedImage, readImageList } from './image-list.ts';

/** A list with more broken pictures than this is not what its owner thinks it is. */
const MAX_BROKEN_SHARE = 0.05;

export interface ImageImportOptions {
  /** Name of the set that they belong to; 'train' by default. */
  readonly set?: string;
  /** What the images are for; 'learn' by default. */
  readonly purpose?: Purpose | undefined;
  /** The project's model that drew them; where none is named, tuning leaves them out. */
  readonly model?: string;
  readonly now?: Date;
  /** Where the list's files lie, if not beside it. */
  readonly find?: FileFinder;
  readonly progress?: ProgressFactory;
  readonly signal?: AbortSignal;
}

/** A picture that was left out. */
export interface Quarantined {
  readonly file: string;
  readonly line: number;
  readonly reason: string;
}

export interface ImageImport {
  readonly set: string;
  readonly added: number;
  /** Images of the list that the set has already. */
  readonly unchanged: number;
  readonly quarantined: readonly Quarantined[];
}

interface CheckedImage extends ListedImage {
  readonly sha256: string;
}

/** Imports the folder or list at `source`; throws a sentence, and then nothing was added. Safe to run again. */
export async function importImages(
  project: Project,
  source: string,
  options: ImageImportOptions = {},
): Promise<ImageImport> {
  const {
    set = 'train',
    purpose = 'learn',
    model,
    now = new Date(),
    find,
    progress = silentProgress,
    signal,
  } = options;
  checkName(set, 'set');
  const origin = model === undefined ? undefined : await originOf(project, model, options);
  const list = await readImageList(source, { world: await worldOf(project.config), find });
  return withLock(project, 'generate', async () => {
    const { whole, quarantined } = await checkPictures(list.images, { progress, signal });
    const allowed = Math.max(1, Math.floor(MAX_BROKEN_SHARE * list.images.length));
    if (quarantined.length > allowed || whole.length === 0) {
      const { file, line, reason } = quarantined[0]!;
      throw badInput(
        `${list.path}: expected at most ${100 * MAX_BROKEN_SHARE} % broken pictures of ${list.images.length}, got ${quarantined.length}, the first being ${file} (line ${line}): ${reason}; nothing was imported`,
      );
    }
    const store = createImageStore(project.paths.images);
    const bar = progress({ total: whole.length, label: 'import images', unit: 'image' });
    try {
      let added = 0;
      for (const [i, image] of whole.entries()) {
        signal?.throwIfAborted();
        const recipe = recipeOf(image, { set, purpose, origin, now });
        if (store.find(recipe) === undefined) {
          await store.add(await decodePicture(await readSame(image)), recipe);
          added++;
        }
        bar.update(i + 1);
      }
      return { set, added, unchanged: whole.length - added, quarantined };
    } finally {
      bar.done();
      await store.close();
    }
  });
}

/** Decodes every picture once, so that a list with too many broken ones is refused before anything is added. */
async function checkPictures(
  images: readonly ListedImage[],
  { progress, signal }: { progress: ProgressFactory; signal: AbortSignal | undefined },
): Promise<{ whole: CheckedImage[]; quarantined: Quarantined[] }> {
  const whole: CheckedImage[] = [];
  const quarantined: Quarantined[] = [];
  const bar = progress({ total: images.length, label: 'check images', unit: 'image' });
  try {
    for (const [i, image] of images.entries()) {
      signal?.throwIfAborted();
      try {
        const bytes = await readPictureFile(image.path);
        await decodePicture(bytes);
        whole.push({ ...image, sha256: sha256Of(bytes) });
      } catch (error) {
        if (!isBadInput(error)) throw error;
        quarantined.push({ file: image.name, line: image.line, reason: error.message });
      }
      bar.update(i + 1);
    }
  } finally {
    bar.done();
  }
  return { whole, quarantined };
}

/** The file's bytes, which must be those that were checked. */
async function readSame({ path, sha256, name }: CheckedImage): Promise<Buffer> {
  const bytes = await readPictureFile(path);
  if (sha256Of(bytes) !== sha256) throw new HeedError(`${name}: expected the picture that was checked, it has changed`);
  return bytes;
}

interface Origin {
  readonly model: string;
  readonly modelHash: string;
}

function recipeOf(
  { prompt, name, sha256 }: CheckedImage,
  { set, purpose, origin, now }: { set: string; purpose: Purpose; origin: Origin | undefined; now: Date },
): ImageRecipe {
  const { text, category, holdout, facts } = prompt;
  return {
    prompt: text,
    category,
    holdout,
    ...(facts === undefined ? {} : { facts }),
    seed: 0,
    model: origin?.model ?? IMPORTED,
    modelHash: origin?.modelHash ?? IMPORTED,
    sampler: IMPORTED,
    steps: 0,
    guidanceScale: 0,
    set,
    purpose,
    source: { file: name, sha256, time: now.toISOString() },
  };
}

/** Loads the model for its hash: images count as its own only where these very weights drew them. */
async function originOf(project: Project, model: string, options: ImageImportOptions): Promise<Origin> {
  const { progress, signal } = options;
  const folder = await modelFolder(project, model, { progress, signal });
  const { loadPipeline } = await import('@heed/diffusion');
  const { runtimeOf } = await import('../project/runtime.ts');
  const { weightsOptions } = await import('../project/model-weights.ts');
  await using pipeline = await loadPipeline(folder, { ...runtimeOf(project), ...weightsOptions(project, model) });
  return { model, modelHash: pipeline.modelHash };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
