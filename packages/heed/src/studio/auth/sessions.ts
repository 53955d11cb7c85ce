/**
 * Who is logged in. The cookie holds a random token, the tables its hash; a login always makes a new one. Every request
 * asks, so what the tables said is remembered: this process alone writes them.
 */
import { randomUUID } from 'node:crypto';
import { and, count, eq, gt, lt, ne } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { type InvitePurpose, invites, sessions } from '../storage/schema.ts';
import { hashToken, randomToken } from './secret.ts';

export type Role = 'owner' | 'rater';

/** Who a request comes from. */
export interface Identity {
  readonly role: Role;
  /** The id that judgements are recorded under. */
  readonly rater: string;
  /** The invite that the rater came by. */
  readonly invite?: string;
  /** What the rater is asked for; everything where they came by no invite. */
  readonly purpose: InvitePurpose;
}

/** Why a session that there was is no more. */
export type SessionEnd = 'revoked' | 'over';

/** Raters whose answers count for nothing: the owner tries an invite. */
const TRIAL_PREFIX = 'trial-';

/** The id of a new trial rater. */
export function trialRater(): string {
  return `${TRIAL_PREFIX}${randomUUID()}`;
}

export function isTrial({ rater }: Pick<Identity, 'rater'>): boolean {
  return rater.startsWith(TRIAL_PREFIX);
}

/** The rater id of the owner who starts the studio; those of the others begin with it and a dash. */
export const OWNER_RATER = 'owner';

/** True for the rater id of an owner, whichever. */
export function isOwnerRater(rater: string): boolean {
  return rater === OWNER_RATER || rater.startsWith(`${OWNER_RATER}-`);
}

export const SESSION_DAYS = 30;

const REMEMBERED = 10_000;

export interface Sessions {
  /** Starts a session and returns its token. */
  start(identity: Pick<Identity, 'role' | 'rater'>, options?: { invite?: string }): Promise<string>;
  /** The identity behind a token; undefined where it is unknown, over, or its invite was revoked. */
  identify(token: string): Promise<Identity | undefined>;
  /** Why the token is worth nothing. */
  endOf(token: string): Promise<SessionEnd>;
  end(token: string): Promise<void>;
  /** Ends all sessions of that rater or owner, except the one of a token. */
  endAll(rater: string, options?: { except?: string }): Promise<void>;
  /** How many sessions each owner has. */
  countOwners(): Promise<ReadonlyMap<string, number>>;
  /** Reads the tables again at the next request of each: an invite was revoked. */
  recheck(): void;
}

interface Remembered {
  readonly identity: Identity;
  readonly expiresAt: Date;
}

export function createSessions(db: Database, options: { now?: () => Date } = {}): Sessions {
  const { now = () => new Date() } = options;
  /** By the token's hash. Replaced as a whole, so that what is read meanwhile is remembered in none that counts. */
  let remembered = new Map<string, Remembered>();
  const recheck = () => {
    remembered = new Map();
  };
  return {
    recheck,
    async start({ role, rater }, { invite } = {}) {
      const token = randomToken();
      const createdAt = now();
      await db.delete(sessions).where(lt(sessions.expiresAt, createdAt));
      await db.insert(sessions).values({
        tokenHash: hashToken(token),
        role,
        rater,
        invite: invite ?? null,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + SESSION_DAYS * 86_400_000),
      });
      return token;
    },
    async identify(token) {
      const known = remembered;
      const tokenHash = hashToken(token);
      const found = known.get(tokenHash);
      if (found) return found.expiresAt > now() ? found.identity : undefined;
      const [row] = await db
        .select({
          role: sessions.role,
          rater: sessions.rater,
          invite: sessions.invite,
          expiresAt: sessions.expiresAt,
          revokedAt: invites.revokedAt,
          purpose: invites.purpose,
        })
        .from(sessions)
        .leftJoin(invites, eq(invites.id, sessions.invite))
        .where(and(eq(sessions.tokenHash, tokenHash), gt(sessions.expiresAt, now())));
      if (!row || row.revokedAt !== null) return undefined;
      const { role, rater, invite, expiresAt, purpose } = row;
      const identity = { role, rater, purpose: purpose ?? 'both', ...(invite === null ? {} : { invite }) };
      if (known.size >= REMEMBERED) known.delete(known.keys().next().value!);
      known.set(tokenHash, { identity, expiresAt });
      return identity;
    },
    async endOf(token) {
      const [row] = await db
        .select({ revokedAt: invites.revokedAt })
        .from(sessions)
        .innerJoin(invites, eq(invites.id, sessions.invite))
        .where(eq(sessions.tokenHash, hashToken(token)));
      return row?.revokedAt ? 'revoked' : 'over';
    },
    async end(token) {
      await db.delete(sessions).where(eq(sessions.tokenHash, hashToken(token)));
      recheck();
    },
    async endAll(rater, { except } = {}) {
      const kept = except === undefined ? [] : [ne(sessions.tokenHash, hashToken(except))];
      await db.delete(sessions).where(and(eq(sessions.rater, rater), ...kept));
      recheck();
    },
    async countOwners() {
      const rows = await db
        .select({ rater: sessions.rater, count: count() })
        .from(sessions)
        .where(and(eq(sessions.role, 'owner'), gt(sessions.expiresAt, now())))
        .groupBy(sessions.rater);
      return new Map(rows.map((row) => [row.rater, row.count]));
    },
  };
}
