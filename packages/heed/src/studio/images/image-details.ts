/**
 * All data of one image: how it was generated, its judgements with rater, time and reason, and other images of its
 * prompt. Reads files.
 */
import { type FeedbackEvent, lastWords, openFeedbackLog, purposeOf, readRaters } from '../../feedback/index.ts';
import { type ImageEvent, type ImageState, imageStates, readImageEvents } from '../../images/index.ts';
import type { ImageRecord } from '../../images/record.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';
import { readPredictions } from '../../reward/predictions.ts';
import { rewardFolder } from '../../reward/scorer.ts';
import { plainName } from '../../text/plain-name.ts';

/** Number of images of the same prompt that are shown beside the image. */
const NEIGHBOURS_SHOWN = 24;

/** One event of the feedback log about the image, as the page shows the event. */
export interface SaidOfImage {
  readonly rater: string;
  readonly name: string;
  readonly isSimulated: boolean;
  readonly isSetAside: boolean;
  readonly label: FeedbackEvent['label'];
  readonly time: string;
  readonly purpose: ReturnType<typeof purposeOf>;
  readonly reason?: string;
  readonly seconds?: number;
  readonly tooFast?: true;
  /**
   * Whether this is the rater's latest judgement of the image. Earlier judgements, and judgements by excluded raters,
   * are not used.
   */
  readonly stands: boolean;
}

export interface ImageDetails {
  readonly record: ImageRecord;
  readonly state: ImageState;
  readonly reward?: number;
  /** The newest first. */
  readonly said: readonly SaidOfImage[];
  /** The changes that owners made to the image, such as setting it aside, newest first. */
  readonly events: readonly (Omit<ImageEvent, 'image'> & { readonly name: string })[];
  readonly neighbours: readonly { readonly image: ImageRecord; readonly good: number; readonly bad: number }[];
}

export async function readImageDetails(
  project: Project,
  { images, record, nameOf }: { images: ImageStore; record: ImageRecord; nameOf: (rater: string) => string },
): Promise<ImageDetails> {
  const { id, prompt } = record;
  const raters = readRaters(project);
  const log = await openFeedbackLog(project.paths.feedback).read();
  const words = lastWords(log);
  const standing = new Set(words.map((event) => event.id));
  const reward = (await readPredictions(rewardFolder(project, 'default')))?.find(({ image }) => image === id)?.reward;
  const said = log
    .filter(({ image }) => image === id)
    .map((event): SaidOfImage => {
      const { rater, raterKind, label, time, reason, seconds, tooFast } = event;
      return {
        rater,
        name: plainName(nameOf(rater)),
        isSimulated: raterKind === 'simulated',
        isSetAside: raters.get(rater)?.isSetAside ?? false,
        label,
        time,
        purpose: purposeOf(event),
        ...(reason === undefined ? {} : { reason }),
        ...(seconds === undefined ? {} : { seconds }),
        ...(tooFast ? { tooFast } : {}),
        stands: standing.has(event.id),
      };
    });
  const count = (image: string, label: string) =>
    words.filter((event) => event.image === image && event.label === label).length;
  return {
    record,
    state: imageStates(project.paths.images).get(id) ?? 'stands',
    ...(reward === undefined ? {} : { reward }),
    said: said.reverse(),
    events: readImageEvents(project.paths.images)
      .filter(({ image }) => image === id)
      .map(({ image: _, ...event }) => ({ ...event, name: plainName(nameOf(event.by)) }))
      .reverse(),
    neighbours: images
      .all()
      .filter((image) => image.prompt === prompt && image.id !== id)
      .slice(0, NEIGHBOURS_SHOWN)
      .map((image) => ({ image, good: count(image.id, 'good'), bad: count(image.id, 'bad') })),
  };
}
