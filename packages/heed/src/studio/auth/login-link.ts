/**
 * The owners' login links. Each link works only once, and only until the server stops. Links are kept as hashes in
 * memory.
 */
import { hashToken, randomToken } from './secret.ts';
import { OWNER_RATER } from './sessions.ts';

export interface LoginLinks {
  /** Issues a token that logs that owner in; by default the owner who started the studio. */
  issue(owner?: string): string;
  /** Returns the owner's id, once for each issued token; undefined for any other token. */
  redeem(token: string): string | undefined;
  /** Makes all unused links of the owner invalid. */
  revoke(owner: string): void;
}

export function createLoginLinks(): LoginLinks {
  const open = new Map<string, string>();
  return {
    issue(owner = OWNER_RATER) {
      const token = randomToken();
      open.set(hashToken(token), owner);
      return token;
    },
    redeem(token) {
      // The lookup uses the hash, so that its time reveals nothing about the token.
      const hash = hashToken(token);
      const owner = open.get(hash);
      open.delete(hash);
      return owner;
    },
    revoke(owner) {
      for (const [hash, of] of open) if (of === owner) open.delete(hash);
    },
  };
}
