/**
 * Reads the images of a project, one record per image. The project's current prompt lists decide which images may be
 * learned from.
 */
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { listedHoldout, type Prompt } from '../prompts/index.ts';
import { mayLearnFrom } from './labelled-image.ts';

/**
 * Reads one record for each image of the store or of one set. The current prompt lists override the record's own
 * `holdout` field.
 */
export async function projectImages(
  project: Project,
  store: Pick<ImageStore, 'all'>,
  options: { set?: string | undefined } = {},
): Promise<ImageRecord[]> {
  const { set } = options;
  const says = await listedHoldout(project);
  const images = store.all(set === undefined ? {} : { set }).map((image) => {
    const holdout = says.get(image.prompt) ?? image.holdout;
    return holdout === image.holdout ? image : { ...image, holdout };
  });
  return uniqueById(images);
}

/** Marks prompts as not held out if the reward learns from some of their images. */
export async function withoutLearned(
  project: Project,
  store: Pick<ImageStore, 'all'>,
  prompts: readonly Prompt[],
): Promise<Prompt[]> {
  const images = await projectImages(project, store);
  const learned = new Set(images.filter(mayLearnFrom).map(({ prompt }) => prompt));
  return prompts.map((prompt) => (prompt.holdout && learned.has(prompt.text) ? { ...prompt, holdout: false } : prompt));
}

/**
 * Keeps one record per image. If an image has several records, one that must not be learned from is kept, so that no
 * test data leaks into training.
 */
export function uniqueById(images: readonly ImageRecord[]): ImageRecord[] {
  const byId = new Map<string, ImageRecord>();
  for (const image of images) if (!byId.has(image.id) || !mayLearnFrom(image)) byId.set(image.id, image);
  return [...byId.values()];
}
