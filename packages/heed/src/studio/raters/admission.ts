/**
 * Decides whether a person who opens an invite link is a new rater, or an earlier rater, who then continues with the
 * earlier answers. A participant of a recruiting platform is recognised by their platform id, and the user of a
 * single-use link by that link. Every other rater is recognised by the personal link that the pages show them. The
 * routes handle sessions and cookies.
 */

import { randomUUID } from 'node:crypto';
import { createQueue } from '@heed/diffusion/one-at-a-time';
import { appendRaterEvent, type RaterRecord, readRaters } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import type { Invite, InviteEnd, Invites } from '../auth/invites.ts';
import { readReturnToken } from '../auth/return-link.ts';
import type { Secret } from '../auth/secret.ts';

/** The data that an arriving rater gives: a name, or the ids that a platform put into their link. */
export interface Arrival {
  readonly name?: string | undefined;
  readonly participant?: string | undefined;
  readonly study?: string | undefined;
  readonly session?: string | undefined;
}

/**
 * The state of a link for one person. A link without uses left still admits raters who used the link before in the same
 * browser.
 */
export type LinkState =
  | { readonly state: 'open'; readonly invite: Invite }
  | { readonly state: 'back'; readonly invite: Invite; readonly rater: RaterRecord }
  | { readonly state: 'full'; readonly invite: Invite }
  | { readonly state: 'over'; readonly why: InviteEnd | 'broken' };

export type Admitted = { readonly rater: string; readonly invite: string } | Extract<LinkState, { state: 'over' }>;

export interface Admission {
  /** Reports the link's state and changes nothing. */
  look(token: string, arrival?: Arrival): Promise<LinkState>;
  /** Admits the person. A new rater takes one of the invite's uses. */
  admit(token: string, arrival: Arrival): Promise<Admitted>;
  /** Whether the name or platform id in `arrival` is that of the rater. */
  isSame(rater: string, arrival: Arrival): boolean;
}

/**
 * Returns a test that finds the rater record for an arrival: by participant id, by single-use link, or by session and
 * name.
 */
function isArrival(invite: Invite, { participant, session, name }: Arrival): (record: RaterRecord) => boolean {
  if (participant !== undefined) return (record) => record.participant === participant;
  const isOfInvite = (record: RaterRecord) => record.invite === invite.id && record.participant === undefined;
  if (invite.maxUses === 1) return isOfInvite;
  // A repeated request, whose first reply was lost or is still under way.
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
    // A rater who was counted once may come back, even when the link has no use left.
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
    // The use is counted last. If the server ends before it, the rater is in and the link has one use more.
    await invites.countUse(invite);
    return { rater, invite };
  };
  // Requests run one after another. A person who arrives twice at once becomes one rater, and a link's last use is
  // taken once.
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
