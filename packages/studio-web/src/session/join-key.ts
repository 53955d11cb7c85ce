/**
 * The idempotency key of joining. The page makes it before it first asks and keeps it until the studio has answered: a
 * reply that is lost, a click too many and a tab that is closed meanwhile make no second rater.
 */
import type { EntryStorage } from '../parts/kept-entries.ts';
import { randomId } from '../parts/random-id.ts';

export interface JoinKey {
  readonly key: string;
  /** The studio has answered: the next person of that name is somebody else. */
  forget(): void;
}

const PREFIX = 'heed-join';

/** `token`: the link's. `name`: what the rater calls themselves; '' where a platform names them. */
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
