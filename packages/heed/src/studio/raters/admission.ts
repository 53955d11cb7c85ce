/**
 * Who comes by an invite: somebody new, or a participant of a recruiting platform who was here before and gets their own
 * rater back. Sessions and cookies are the routes' business.
 */
import { randomUUID } from 'node:crypto';
import { appendRaterEvent, readRaters } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import type { Invites } from '../auth/invites.ts';

/** What they say of themselves: a name, or the ids that a platform put into their link. */
export interface Arrival {
  readonly name?: string | undefined;
  readonly participant?: string | undefined;
  readonly study?: string | undefined;
  readonly session?: string | undefined;
}

export interface Admission {
  /** The rater's id and the invite's; undefined where the invite lets nobody in any more. */
  admit(token: string, arrival: Arrival): Promise<{ readonly rater: string; readonly invite: string } | undefined>;
  /** True where that rater is whom the arrival names; without a platform's id anybody can be. */
  isSame(rater: string, arrival: Arrival): boolean;
}

export function createAdmission({ project, invites }: { project: Project; invites: Invites }): Admission {
  const raterOf = (participant: string) =>
    [...readRaters(project).values()].find((record) => record.participant === participant)?.id;
  const admitNow = async (token: string, { name, ...ids }: Arrival) => {
    const back = ids.participant === undefined ? undefined : raterOf(ids.participant);
    if (back !== undefined) {
      // Who has been counted once may come back, also where the link has no use left.
      const invite = await invites.recall(token);
      return invite === undefined ? undefined : { rater: back, invite };
    }
    const invite = await invites.redeem(token);
    if (invite === undefined) return undefined;
    const rater = `rater-${randomUUID().slice(0, 13)}`;
    const shownName = name ?? ids.participant;
    await appendRaterEvent(project, {
      time: new Date().toISOString(),
      rater,
      event: 'joined',
      ...(shownName === undefined ? {} : { name: shownName }),
      ...Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined)),
    });
    return { rater, invite };
  };
  // One after another: a participant who arrives twice at once is one rater.
  let last: Promise<unknown> = Promise.resolve();
  return {
    admit(token, arrival) {
      const current = last.then(() => admitNow(token, arrival));
      last = current.catch(() => {});
      return current;
    },
    isSame: (rater, { participant }) =>
      participant === undefined || readRaters(project).get(rater)?.participant === participant,
  };
}
