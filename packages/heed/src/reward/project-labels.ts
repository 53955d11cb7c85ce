/** The labelled images of a project. `labelled-image.ts` averages the labels of an image. */
import { type FeedbackEvent, openFeedbackLog, readRaters } from '../feedback/index.ts';
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { type LabelledImage, labelImages } from './labelled-image.ts';
import { type LeftOut, leftOutOf } from './left-out.ts';
import { projectImages, uniqueById } from './project-images.ts';

/** All labelled images of the project, each once; answers of raters that were set aside are left out. */
export async function readLabels(project: Project, images: readonly ImageRecord[]): Promise<LabelledImage[]> {
  return labelImages(uniqueById(images), await readCountingEvents(project));
}

/** Judged images of the project that are not learned from, by reason; `modelHashes` leaves out other models' images. */
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

/** All events of the log but those of raters that were set aside. */
export async function readCountingEvents(project: Project): Promise<FeedbackEvent[]> {
  const log = openFeedbackLog(project.paths.feedback);
  try {
    const raters = readRaters(project);
    return (await log.read()).filter(({ rater }) => !raters.get(rater)?.isSetAside);
  } finally {
    await log.close();
  }
}
