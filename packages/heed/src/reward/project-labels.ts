/** The labelled images of a project. How labels are averaged is `labelled-image.ts`'s business. */
import { type FeedbackEvent, openFeedbackLog, readRaters } from '../feedback/index.ts';
import type { ImageRecord } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { type LabelledImage, labelImages } from './labelled-image.ts';

/** All labelled images of the project, each once; answers of raters that were set aside are left out. */
export async function readLabels(project: Project, images: readonly ImageRecord[]): Promise<LabelledImage[]> {
  return labelImages(uniqueById(images), await readCountingEvents(project));
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

/** One record an image; where several share one, that which measures wins, so that nothing leaks into training. */
export function uniqueById(images: readonly ImageRecord[]): ImageRecord[] {
  const byId = new Map<string, ImageRecord>();
  for (const image of images) if (!byId.has(image.id) || image.purpose === 'measure') byId.set(image.id, image);
  return [...byId.values()];
}
