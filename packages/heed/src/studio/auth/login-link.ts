/** The owner's login links: each works once, and until the server stops. They exist in memory alone, as hashes. */
import { hashToken, randomToken } from './secret.ts';

export interface LoginLinks {
  /** A new token. */
  issue(): string;
  /** True once for each token that was issued. */
  redeem(token: string): boolean;
}

export function createLoginLinks(): LoginLinks {
  const open = new Set<string>();
  return {
    issue() {
      const token = randomToken();
      open.add(hashToken(token));
      return token;
    },
    // By hash: how long the search takes says nothing about the token.
    redeem: (token) => open.delete(hashToken(token)),
  };
}
