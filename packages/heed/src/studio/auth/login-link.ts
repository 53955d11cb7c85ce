/** The owners' login links: each works once, and until the server stops. They exist in memory alone, as hashes. */
import { hashToken, randomToken } from './secret.ts';
import { OWNER_RATER } from './sessions.ts';

export interface LoginLinks {
  /** A new token that logs that owner in; by default the one of the terminal. */
  issue(owner?: string): string;
  /** The owner's id, once for each token that was issued; undefined for any other. */
  redeem(token: string): string | undefined;
  /** Ends all links of the owner. */
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
      // By hash: how long the search takes says nothing about the token.
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
