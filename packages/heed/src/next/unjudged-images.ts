/** Finds the images to offer for judging. Reads files alone. */
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { mayLearnFrom } from '../reward/labelled-image.ts';
import { projectImages } from '../reward/project-images.ts';
import { readCountingEvents } from '../reward/project-labels.ts';

/** Returns the images of the set that may be used for training and that no rater judged or skipped. */
export async function unjudgedImages(
  project: Project,
  store: ImageStore,
  { set, model }: { set: string; model?: string | undefined },
): Promise<ImageRecord[]> {
  const judged = new Set((await readCountingEvents(project)).map(({ image }) => image));
  const images = await projectImages(project, store, { set });
  return images.filter(
    (image) => mayLearnFrom(image) && !judged.has(image.id) && (model === undefined || image.model === model),
  );
}
