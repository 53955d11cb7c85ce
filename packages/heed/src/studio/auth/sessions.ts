/**
 * Sessions of logged-in browsers. The cookie has a random token, and the database has the token's hash; each login
 * makes a new token. Sessions are cached in memory, which is safe because only this process changes them.
 */
import { randomUUID } from 'node:crypto';
import { and, count, eq, gt, lt, ne } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { type InvitePurpose, invites, sessions } from '../storage/schema.ts';
import { hashToken, randomToken } from './secret.ts';

export type Role = 'owner' | 'rater';

/** The person behind a request. */
export interface Identity {
  readonly role: Role;
  /** The rater id that is recorded with the person's judgements. */
  readonly rater: string;
  /** Id of the invite through which the rater joined. */
  readonly invite?: string;
  /** The kind of work that the rater's invite is for; without an invite, all kinds. */
  readonly purpose: InvitePurpose;
}

/** Why a session has ended. */
export type SessionEnd = 'revoked' | 'over';

/** Prefix of the rater id in a trial, in which an owner tries out an invite. Answers of a trial are never used. */
const TRIAL_PREFIX = 'trial-';

/** The id of a new trial rater. */
export function trialRater(): string {
  return `${TRIAL_PREFIX}${randomUUID()}`;
}

export function isTrial({ rater }: Pick<Identity, 'rater'>): boolean {
  return rater.startsWith(TRIAL_PREFIX);
}

/** The rater id of the owner who starts the studio. Ids of other owners begin with this id and a dash. */
export const OWNER_RATER = 'owner';

/** Whether this is the rater id of any owner. */
export function isOwnerRater(rater: string): boolean {
  return rater === OWNER_RATER || rater.startsWith(`${OWNER_RATER}-`);
}

export const SESSION_DAYS = 30;

const REMEMBERED = 10_000;

export interface Sessions {
  /** Starts a session and returns its token. */
  start(identity: Pick<Identity, 'role' | 'rater'>, options?: { invite?: string }): Promise<string>;
  /** The identity behind a token; undefined when the token is unknown or expired, or its invite was revoked. */
  identify(token: string): Promise<Identity | undefined>;
  /** The reason why the token is not valid. */
  endOf(token: string): Promise<SessionEnd>;
  end(token: string): Promise<void>;
  /** Ends all sessions of that rater or owner, except the one with the token `except`. */
  endAll(rater: string, options?: { except?: string }): Promise<void>;
  /** Number of valid sessions of each owner. */
  countOwners(): Promise<ReadonlyMap<string, number>>;
  /** Clears the cache, for example after an invite was revoked. */
  recheck(): void;
}

interface Remembered {
  readonly identity: Identity;
  readonly expiresAt: Date;
}

export function createSessions(db: Database, options: { now?: () => Date } = {}): Sessions {
  const { now = () => new Date() } = options;
  /**
   * Cached sessions by token hash. The cache is cleared by replacing the map, so that lookups in progress write to the
   * old map.
   */
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
