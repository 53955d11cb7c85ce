/**
 * `heed import images`: imports people's own pictures with their prompts into the project's store, re-encoded. People
 * judge imported pictures like generated images, and rewards are trained on these judgements too. A bad line in the
 * list stops the import before any picture is stored. A picture that does not decode is left out, and its name is
 * printed.
 */
import { createHash } from 'node:crypto';
import { badInput, HeedError, isBadInput } from '../errors.ts';
import type { Purpose } from '../images/purpose.ts';
import { decodePicture, MAX_KEPT_PIXELS, readPictureFile } from '../images/read-picture.ts';
import { IMPORTED, type ImageRecipe } from '../images/record.ts';
import { checkSetPurpose } from '../images/set-purpose.ts';
import { createImageStore } from '../images/store.ts';
import { worldOf } from '../parts.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { silentProgress } from '../progress/progress.ts';
import { checkName, modelFolder, type Project, withLock } from '../project/index.ts';
import type { Prompt } from '../prompts/prompt.ts';
import { toPrompt } from '../prompts/prompts-file.ts';
import { type ImageList, type ImageListSource, type LeftOut, type ListedImage, readImageList } from './image-list.ts';

/**
 * An import with a larger share of broken pictures is refused, because the list is probably not the one that the owner
 * meant.
 */
const MAX_BROKEN_SHARE = 0.05;

export interface ImageImportOptions {
  /** Name of the images' set; 'train' by default. */
  readonly set?: string;
  /** Purpose of the images; 'learn' by default. */
  readonly purpose?: Purpose | undefined;
  /**
   * Name of the project's model that generated the imported images. Without a model, tuning does not use the images.
   */
  readonly model?: string;
  readonly now?: Date;
  readonly progress?: ProgressFactory;
  readonly signal?: AbortSignal;
}

export interface ImageImport {
  readonly set: string;
  readonly added: number;
  /** Number of images in the list that the set already had. */
  readonly unchanged: number;
  /** Number of images that the list repeats with the same prompt. */
  readonly repeated: number;
  /** Number of added images that were larger than `MAX_KEPT_PIXELS`. */
  readonly scaled: number;
  readonly quarantined: readonly LeftOut[];
  /** Further notes for the owner, in sentences without a full stop. */
  readonly notes: readonly string[];
}

interface CheckedImage extends ListedImage<Prompt> {
  readonly sha256: string;
}

/**
 * Imports the folder, list or files of `source`. If the import throws, nothing was added. A repeated import adds no
 * image twice.
 */
export async function importImages(
  project: Project,
  source: ImageListSource,
  options: ImageImportOptions = {},
): Promise<ImageImport> {
  const { set = 'train', purpose = 'learn', model, now = new Date(), progress = silentProgress, signal } = options;
  checkName(set, 'set');
  checkSetPurpose(createImageStore(project.paths.images), { set, purpose });
  const origin = model === undefined ? undefined : await originOf(project, model, options);
  const world = await worldOf(project.config);
  const list = withHeldOut(await readImageList(source, { parsePrompt: (text) => toPrompt(text, { world }) }));
  const takeIn = async () => {
    const store = createImageStore(project.paths.images);
    try {
      const isKnown = (image: CheckedImage) => store.find(recipeOf(image, { set, purpose, origin, now })) !== undefined;
      const checked = await checkPictures(list.images, { isKnown, progress, signal });
      const quarantined = [...list.leftOut, ...checked.quarantined];
      refuseMostlyBroken(quarantined, { path: list.path, total: list.images.length + list.leftOut.length });
      const counts = { added: 0, repeated: 0, scaled: 0 };
      const bar = progress({ total: checked.fresh.length, label: 'import images', unit: 'image' });
      for (const [i, image] of checked.fresh.entries()) {
        signal?.throwIfAborted();
        if (isKnown(image)) counts.repeated++;
        else {
          const picture = await decodePicture(await readSame(image));
          await store.add(picture, recipeOf(image, { set, purpose, origin, now }));
          counts.added++;
          if (picture.scaledFrom) counts.scaled++;
        }
        bar.update(i + 1);
      }
      bar.done();
      return { set, ...counts, unchanged: checked.known, quarantined, notes: [...list.notes, ...notesOf(counts)] };
    } finally {
      await store.close();
    }
  };
  return withLock(project, 'generate', takeIn, { command: 'import' });
}

/**
 * Holds a prompt out if the row of any picture of this prompt says so. No picture of a held-out prompt may be used for
 * training.
 */
function withHeldOut(list: ImageList<Prompt>): ImageList<Prompt> {
  const says = new Map<string, boolean>();
  const mixed = new Set<string>();
  for (const { prompt, holdout = false } of list.images) {
    const before = says.get(prompt.text);
    if (before !== undefined && before !== holdout) mixed.add(prompt.text);
    says.set(prompt.text, holdout || before === true);
  }
  const images = list.images.map((image) => {
    const holdout = says.get(image.prompt.text)!;
    return { ...image, prompt: { ...image.prompt, holdout } };
  });
  const note = `prompts of which the list holds out some pictures and others not: ${mixed.size}; all their pictures are held out`;
  return { ...list, images, notes: mixed.size === 0 ? list.notes : [...list.notes, note] };
}

/**
 * Decodes every new picture once, so that a list with too many broken pictures is refused before any picture is added.
 */
async function checkPictures(
  images: readonly ListedImage<Prompt>[],
  options: {
    isKnown: (image: CheckedImage) => boolean;
    progress: ProgressFactory;
    signal: AbortSignal | undefined;
  },
): Promise<{ fresh: CheckedImage[]; known: number; quarantined: LeftOut[] }> {
  const { isKnown, progress, signal } = options;
  const fresh: CheckedImage[] = [];
  let known = 0;
  const quarantined: LeftOut[] = [];
  const bar = progress({ total: images.length, label: 'check images', unit: 'image' });
  try {
    for (const [i, image] of images.entries()) {
      signal?.throwIfAborted();
      try {
        const bytes = await readPictureFile(image.path);
        const checked = { ...image, sha256: sha256Of(bytes) };
        if (isKnown(checked)) known++;
        else {
          await decodePicture(bytes);
          fresh.push(checked);
        }
      } catch (error) {
        if (!isBadInput(error)) throw error;
        quarantined.push({ file: image.name, line: image.line, reason: error.message });
      }
      bar.update(i + 1);
    }
  } finally {
    bar.done();
  }
  return { fresh, known, quarantined };
}

function refuseMostlyBroken(leftOut: readonly LeftOut[], { path, total }: { path: string; total: number }): void {
  const [first] = leftOut;
  const allowed = Math.max(1, Math.floor(MAX_BROKEN_SHARE * total));
  if (first === undefined || (leftOut.length <= allowed && leftOut.length < total)) return;
  throw badInput(
    `${path}: expected at most ${100 * MAX_BROKEN_SHARE} % broken pictures of ${total}, got ${leftOut.length}, the first being ${describeLeftOut(first)}; nothing was imported`,
  );
}

/** Describes a picture that was not imported: "photo.png (line 3): expected ..., got ...". */
export function describeLeftOut({ file, line, reason }: LeftOut): string {
  return `${file}${line === undefined ? '' : ` (line ${line})`}: ${reason}`;
}

function notesOf({ repeated, scaled }: { repeated: number; scaled: number }): string[] {
  const megapixels = (MAX_KEPT_PIXELS / 1e6).toFixed(1);
  return [
    ...(repeated === 0 ? [] : [`images that stand in the list twice: ${repeated}`]),
    ...(scaled === 0 ? [] : [`pictures of more than ${megapixels} megapixels that were scaled down: ${scaled}`]),
  ];
}

/** Reads the file again, and throws when the bytes differ from the bytes that were checked. */
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

/**
 * Loads the model to compute the model's hash. Tuning uses an image only for a model with the same hash as in the
 * image's record.
 */
async function originOf(project: Project, model: string, options: ImageImportOptions): Promise<Origin> {
  const { progress, signal } = options;
  const folder = await modelFolder(project, model, { progress, signal });
  const { loadPipeline } = await import('@heed/diffusion');
  const { runtimeOf } = await import('../project/runtime.ts');
  const { weightsOptions } = await import('../project/model-weights.ts');
  await using pipeline = await loadPipeline(folder, {
    ...(await runtimeOf(project)),
    ...weightsOptions(project, model),
  });
  return { model, modelHash: pipeline.modelHash };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
