/** Tells whether the figures on the pages rest on people's judgements or on a program's. */
import { lastWords, openFeedbackLog } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';

export interface Judges {
  /** Judgements of single images that stand. */
  readonly byPeople: number;
  readonly simulated: number;
}

export async function countJudges(project: Project): Promise<Judges> {
  const standing = lastWords(await openFeedbackLog(project.paths.feedback).read());
  const byPeople = standing.filter(({ raterKind }) => raterKind === 'human').length;
  return { byPeople, simulated: standing.length - byPeople };
}
