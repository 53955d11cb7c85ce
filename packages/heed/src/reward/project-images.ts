/** The images of a project, one record an image, with what may be learned from as the project's lists say by now. */
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { listedHoldout, type Prompt } from '../prompts/index.ts';
import { mayLearnFrom } from './labelled-image.ts';

/**
 * One record each image of the store, or of one set. A list that holds a prompt out, or no longer does, goes before
 * what its images say.
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

/** The prompts. One with images that the reward learns from does not count as held out any more. */
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
 * One record an image; where several share one, that which is not learned from wins, so that nothing leaks into
 * training.
 */
export function uniqueById(images: readonly ImageRecord[]): ImageRecord[] {
  const byId = new Map<string, ImageRecord>();
  for (const image of images) if (!byId.has(image.id) || !mayLearnFrom(image)) byId.set(image.id, image);
  return [...byId.values()];
}
