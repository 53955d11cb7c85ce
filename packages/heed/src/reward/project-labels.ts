/** The labelled images of a project. `labelled-image.ts` averages the labels of an image. */
import { type FeedbackEvent, openFeedbackLog, readRaters } from '../feedback/index.ts';
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { type LabelledImage, labelImages } from './labelled-image.ts';
import { type LeftOut, leftOutOf } from './left-out.ts';
import { projectImages, uniqueById } from './project-images.ts';

/** Reads all labelled images of the project, each once. Answers of excluded raters are left out. */
export async function readLabels(project: Project, images: readonly ImageRecord[]): Promise<LabelledImage[]> {
  return labelImages(uniqueById(images), await readCountingEvents(project));
}

/**
 * Counts, for each reason, the judged images that the reward does not learn from. `modelHashes` names the models whose
 * images may be learned from.
 */
export async function judgedLeftOut(
  project: Project,
  store: Pick<ImageStore, 'all'>,
  options: { modelHashes?: ReadonlySet<string> | undefined } = {},
): Promise<LeftOut[]> {
  const labelled = await readLabels(project, await projectImages(project, store));
  return leftOutOf(
    labelled.map(({ image }) => image),
    options,
  );
}

/** Reads all events of the log except those of excluded raters. */
export async function readCountingEvents(project: Project): Promise<FeedbackEvent[]> {
  const log = openFeedbackLog(project.paths.feedback);
  try {
    const raters = readRaters(project);
    return (await log.read()).filter(({ rater }) => !raters.get(rater)?.isSetAside);
  } finally {
    await log.close();
  }
}
