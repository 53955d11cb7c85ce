/**
 * Invite links, which let raters in without an account. Links are signed against forgery. An invite has a use count and
 * an expiry, and can be revoked. Revoking an invite ends its sessions.
 */
import { eq, sql } from 'drizzle-orm';
import type { Database } from '../storage/database.ts';
import { type InvitePurpose, invites } from '../storage/schema.ts';
import { randomToken, type Secret } from './secret.ts';

export interface Invite {
  readonly id: string;
  /** The invite's name, for the owner. */
  readonly name: string;
  readonly purpose: InvitePurpose;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly maxUses: number;
  readonly uses: number;
  readonly revokedAt: Date | null;
}

/** Why an invite admits no new rater. */
export type InviteEnd = 'revoked' | 'expired' | 'used';

export interface Invites {
  make(options: { name: string; days: number; maxUses: number; purpose?: InvitePurpose | undefined }): Promise<Invite>;
  all(): Promise<Invite[]>;
  find(id: string): Promise<Invite | undefined>;
  /** The reason why the invite has ended; undefined while it is valid. */
  endOf(invite: Invite): InviteEnd | undefined;
  /** The token that follows '#' in the invite link. */
  tokenOf(invite: Pick<Invite, 'id'>): string;
  /** Adds one to the number of times that the invite was used. */
  countUse(id: string): Promise<void>;
  /** Reads the invite id from a correctly signed token, even if the invite has ended; undefined for any other token. */
  read(token: string): string | undefined;
  /** Revokes an invite; returns false when no invite has this id. */
  revoke(id: string): Promise<boolean>;
}

const DAY_MS = 86_400_000;
const ID_LENGTH = 22;

export function createInvites(db: Database, options: { secret: Secret; now?: () => Date }): Invites {
  const { secret, now = () => new Date() } = options;
  const read = (token: string) => {
    const [id = '', tag = ''] = token.split('.');
    return secret.verify('invite', id, tag) ? id : undefined;
  };
  const find = async (id: string) => (await db.select().from(invites).where(eq(invites.id, id)))[0];
  return {
    read,
    find,
    endOf: ({ revokedAt, expiresAt, uses, maxUses }) => {
      if (revokedAt !== null) return 'revoked';
      if (expiresAt <= now()) return 'expired';
      return uses >= maxUses ? 'used' : undefined;
    },
    async make({ name, days, maxUses, purpose = 'both' }) {
      const createdAt = now();
      const invite = {
        id: randomToken().slice(0, ID_LENGTH),
        name,
        purpose,
        createdAt,
        expiresAt: new Date(createdAt.getTime() + days * DAY_MS),
        maxUses,
        uses: 0,
        revokedAt: null,
      };
      await db.insert(invites).values(invite);
      return invite;
    },
    all: async () => db.select().from(invites).orderBy(sql`${invites.createdAt} desc`),
    tokenOf: ({ id }) => `${id}.${secret.tag('invite', id)}`,
    async countUse(id) {
      await db
        .update(invites)
        .set({ uses: sql`${invites.uses} + 1` })
        .where(eq(invites.id, id));
    },
    async revoke(id) {
      const revoked = await db
        .update(invites)
        .set({ revokedAt: now() })
        .where(eq(invites.id, id))
        .returning({ id: invites.id });
      return revoked.length > 0;
    },
  };
}
