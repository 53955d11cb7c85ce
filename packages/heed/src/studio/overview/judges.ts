/** Tells whether the figures on the pages rest on people's judgements or on a program's. */
import { groupBy } from '../../collections/group-by.ts';
import { lastWords, openFeedbackLog } from '../../feedback/index.ts';
import type { ImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';

export interface Judges {
  /** Number of people's standing judgements of single images. */
  readonly byPeople: number;
  readonly simulated: number;
}

export async function countJudges(project: Project): Promise<Judges> {
  const standing = lastWords(await openFeedbackLog(project.paths.feedback).read());
  const byPeople = standing.filter(({ raterKind }) => raterKind === 'human').length;
  return { byPeople, simulated: standing.length - byPeople };
}

export interface SetJudgements {
  /** Undefined for images that are set aside, deleted or not in the index. */
  readonly set?: string;
  readonly judgements: number;
}

/**
 * The standing judgements of images that do not stand in `set`, by the images' sets. With those of the set they are all
 * that `countJudges` counts.
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
