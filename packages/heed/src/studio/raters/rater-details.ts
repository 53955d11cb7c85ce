/** One rater's answers over time: the answer, how long it took, and, with a known answer, whether it was right. */
import { groupBy } from '../../collections/group-by.ts';
import {
  type FeedbackEvent,
  knownAnswers,
  lastWords,
  openFeedbackLog,
  type Purpose,
  purposeOf,
  RETRACTED,
  readRaters,
} from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';

/** Number of the newest answers that the page shows. */
const ANSWERS_SHOWN = 300;

/** One answer to a query, or a later correction for some of its images. */
export interface RaterAnswer {
  readonly time: string;
  readonly prompt: string;
  readonly purpose: Purpose;
  readonly seconds?: number;
  readonly tooFast: boolean;
  readonly reason?: string;
  readonly images: readonly {
    readonly image: string;
    readonly label: FeedbackEvent['label'];
    /** Whether the label equals the owner's known answer; undefined without a known answer. */
    readonly isRight?: boolean;
    /**
     * Whether the label agrees with the majority of the other raters. Undefined when the other raters are evenly split,
     * or when no other rater labelled the image.
     */
    readonly isWithOthers?: boolean;
  }[];
}

/** Reads the newest `ANSWERS_SHOWN` answers in the order of the log; `total` is the number of all answers. */
export async function readRaterAnswers(
  project: Project,
  rater: string,
): Promise<{ readonly answers: readonly RaterAnswer[]; readonly total: number }> {
  const log = await openFeedbackLog(project.paths.feedback).read();
  const known = knownAnswers(log);
  const records = readRaters(project);
  // As in the summary: people whose answers count.
  const counting = lastWords(log).filter((word) => word.raterKind === 'human' && !records.get(word.rater)?.isSetAside);
  const words = groupBy(counting, ({ image }) => image);
  const own = log.filter((event) => event.rater === rater && purposeOf(event) !== 'key');
  const groups = [...groupBy(own, ({ answer, query, time }) => `${answer ?? query} ${time}`).values()];
  const isWithOthers = ({ image, label }: FeedbackEvent): boolean | undefined => {
    const others = (words.get(image) ?? []).filter((word) => word.rater !== rater && word.label !== 'skip');
    const good = others.filter((word) => word.label === 'good').length;
    if (2 * good === others.length || (label !== 'good' && label !== 'bad')) return undefined;
    return (2 * good > others.length ? 'good' : 'bad') === label;
  };
  const answers = groups.slice(-ANSWERS_SHOWN).map((events): RaterAnswer => {
    const first = events[0]!;
    return {
      time: first.time,
      prompt: first.prompt,
      purpose: purposeOf(first),
      ...(first.seconds === undefined ? {} : { seconds: first.seconds }),
      tooFast: first.tooFast === true,
      ...(first.reason === undefined ? {} : { reason: first.reason }),
      images: events.map((event) => {
        const right = known.get(event.image)?.label;
        const withOthers = isWithOthers(event);
        return {
          image: event.image,
          label: event.label,
          ...(right === undefined || event.label === RETRACTED ? {} : { isRight: right === event.label }),
          ...(withOthers === undefined ? {} : { isWithOthers: withOthers }),
        };
      }),
    };
  });
  return { answers, total: groups.length };
}
