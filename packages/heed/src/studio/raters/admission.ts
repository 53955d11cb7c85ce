/**
 * Who comes by a link: somebody new, or a rater who was here before and gets their own answers back. A participant of a
 * recruiting platform is known by their id. The one user of a personal link is known by that link. Every other rater is
 * known by the personal link that the pages show. The routes handle sessions and cookies.
 */

import { randomUUID } from 'node:crypto';
import { createQueue } from '@heed/diffusion/one-at-a-time';
import { appendRaterEvent, type RaterRecord, readRaters } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import type { Invite, InviteEnd, Invites } from '../auth/invites.ts';
import { readReturnToken } from '../auth/return-link.ts';
import type { Secret } from '../auth/secret.ts';

/** What they say of themselves: a name, or the ids that a platform put into their link. */
export interface Arrival {
  readonly name?: string | undefined;
  readonly participant?: string | undefined;
  readonly study?: string | undefined;
  readonly session?: string | undefined;
}

/** What a link is worth to somebody: a full one lets those in who came by it before in the same browser. */
export type LinkState =
  | { readonly state: 'open'; readonly invite: Invite }
  | { readonly state: 'back'; readonly invite: Invite; readonly rater: RaterRecord }
  | { readonly state: 'full'; readonly invite: Invite }
  | { readonly state: 'over'; readonly why: InviteEnd | 'broken' };

export type Admitted = { readonly rater: string; readonly invite: string } | Extract<LinkState, { state: 'over' }>;

export interface Admission {
  /** Changes nothing. */
  look(token: string, arrival?: Arrival): Promise<LinkState>;
  /** Counts one use of the invite for somebody new. */
  admit(token: string, arrival: Arrival): Promise<Admitted>;
  /** True where that rater is whom the arrival names. */
  isSame(rater: string, arrival: Arrival): boolean;
}

/** Tells the rater who arrives by an invite from all others, where the arrival or the invite names one. */
function isArrival(invite: Invite, { participant, session, name }: Arrival): (record: RaterRecord) => boolean {
  if (participant !== undefined) return (record) => record.participant === participant;
  const isOfInvite = (record: RaterRecord) => record.invite === invite.id && record.participant === undefined;
  if (invite.maxUses === 1) return isOfInvite;
  // The same request again: its reply was lost, or did not come yet.
  return (record) => isOfInvite(record) && session !== undefined && record.session === session && record.name === name;
}

export function createAdmission(options: { project: Project; invites: Invites; secret: Secret }): Admission {
  const { project, invites, secret } = options;
  const findRater = (test: (record: RaterRecord) => boolean) => [...readRaters(project).values()].find(test);

  const look: Admission['look'] = async (token, arrival = {}) => {
    const own = readReturnToken(secret, token);
    const id = own?.invite ?? invites.read(token);
    const invite = id === undefined ? undefined : await invites.find(id);
    if (!invite) return { state: 'over', why: 'broken' };
    const end = invites.endOf(invite);
    if (end === 'revoked' || end === 'expired') return { state: 'over', why: end };
    const rater =
      own === undefined ? findRater(isArrival(invite, arrival)) : findRater(({ id: of }) => of === own.rater);
    if (rater) return { state: 'back', invite, rater };
    if (own) return { state: 'over', why: 'broken' };
    return { state: end === undefined ? 'open' : 'full', invite };
  };

  const admitNow = async (token: string, arrival: Arrival): Promise<Admitted> => {
    const link = await look(token, arrival);
    if (link.state === 'over') return link;
    if (link.state === 'full') return { state: 'over', why: 'used' };
    // Who has been counted once may come back, also where the link has no use left.
    if (link.state === 'back') return { rater: link.rater.id, invite: link.invite.id };
    const { name, ...ids } = arrival;
    const invite = link.invite.id;
    const rater = `rater-${randomUUID().slice(0, 13)}`;
    const shownName = name ?? ids.participant;
    await appendRaterEvent(project, {
      time: new Date().toISOString(),
      rater,
      event: 'joined',
      invite,
      ...(shownName === undefined ? {} : { name: shownName }),
      ...Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined)),
    });
    // Counted last: where the server ends in between, the rater gets in with the last use of a link.
    await invites.countUse(invite);
    return { rater, invite };
  };
  // One after another: a person who arrives twice at once is one rater, and a link's last use is taken once.
  const inTurn = createQueue();
  return {
    look,
    admit: (token, arrival) => inTurn(() => admitNow(token, arrival)),
    isSame(rater, { participant, name }) {
      const record = readRaters(project).get(rater);
      return participant === undefined ? record?.name === name : record?.participant === participant;
    },
  };
}
