/**
 * The idempotency key of the request by which a rater joins. The page creates the key before the first request and
 * stores it until the studio has responded. A lost response, a double click or a closed tab therefore creates no second
 * rater.
 */
import type { EntryStorage } from '../parts/kept-entries.ts';
import { randomId } from '../parts/random-id.ts';

export interface JoinKey {
  readonly key: string;
  /** Deletes the key after the studio's response, because a later rater with the same name is another person. */
  forget(): void;
}

const PREFIX = 'heed-join';

/**
 * Returns the stored key of a rater, or creates one. `token` is the token of the invitation link. `name` is the name
 * that the rater entered; '' for a rater from a recruiting platform.
 */
export function keptJoinKey(
  { token, name }: { token: string; name: string },
  { storage = () => localStorage }: { storage?: () => Pick<EntryStorage, 'getItem' | 'setItem' | 'removeItem'> } = {},
): JoinKey {
  // The part before the dot names the invite; the signature stays out of what the browser keeps.
  const place = [PREFIX, token.split('.')[0]!, name].map(encodeURIComponent).join('/');
  const quietly = <T>(use: () => T): T | undefined => {
    try {
      return use();
    } catch {
      // A browser that keeps nothing: the key lives as long as the page.
      return undefined;
    }
  };
  const key = quietly(() => storage().getItem(place)) ?? randomId();
  quietly(() => storage().setItem(place, key));
  return { key, forget: () => void quietly(() => storage().removeItem(place)) };
}
