/** Tells whether the figures on the pages come from judgements by people or by a program (simulated raters). */
import { groupBy } from '../../collections/group-by.ts';
import { lastWords, openFeedbackLog } from '../../feedback/index.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';

export interface Judges {
  /**
   * Number of current judgements of single images by people. A rater's new judgement of an image replaces the rater's
   * earlier one.
   */
  readonly byPeople: number;
  readonly simulated: number;
}

export async function countJudges(project: Project): Promise<Judges> {
  const standing = lastWords(await openFeedbackLog(project.paths.feedback).read());
  const byPeople = standing.filter(({ raterKind }) => raterKind === 'human').length;
  return { byPeople, simulated: standing.length - byPeople };
}

export interface SetJudgements {
  /** The image set; undefined for judgements of images that are set aside, deleted or not in the index. */
  readonly set?: string;
  readonly judgements: number;
}

/**
 * Counts the current judgements of images outside `set`, by image set. Together with the judgements of images in `set`,
 * these are all judgements that `countJudges` counts.
 */
export async function judgementsElsewhere(
  project: Project,
  { images, set }: { images: ImageStore; set: string },
): Promise<SetJudgements[]> {
  const inSet = new Set(images.all({ set }).map(({ id }) => id));
  const standing = lastWords(await openFeedbackLog(project.paths.feedback).read());
  const setOf = (id: string) => (images.has(id) && images.stands(id) ? images.get(id).set : '');
  const bySet = groupBy(
    standing.filter(({ image }) => !inSet.has(image)),
    ({ image }) => setOf(image),
  );
  return [...bySet].map(([name, { length }]) => ({ ...(name === '' ? {} : { set: name }), judgements: length }));
}
