/**
 * Counts failed attempts by key (a client, a link) and slows down those who fail too often. A valid link is accepted
 * before this check, so that a stranger behind the same address cannot lock a rater out. The counts are kept in memory
 * and lost at a restart.
 */

export interface AttemptLimit {
  /**
   * Adds one failure to the count of each of the keys. Returns the seconds to wait when one of the keys has too many
   * failures.
   */
  fail(keys: readonly string[]): number | undefined;
}

const MAX_KEYS = 10_000;

/** At most `attempts` failures in any window of `windowMs` for each key. */
export function createAttemptLimit(
  options: { attempts?: number; windowMs?: number; nowMs?: () => number } = {},
): AttemptLimit {
  const { attempts = 10, windowMs = 60_000, nowMs = () => performance.now() } = options;
  const timesOf = new Map<string, number[]>();
  const failOne = (key: string) => {
    const now = nowMs();
    const recent = (timesOf.get(key) ?? []).filter((time) => time > now - windowMs);
    if (recent.length >= attempts) return Math.ceil((recent[0]! + windowMs - now) / 1000);
    timesOf.delete(key);
    // The oldest key is dropped, so that a flood of addresses cannot fill the memory.
    if (timesOf.size >= MAX_KEYS) timesOf.delete(timesOf.keys().next().value!);
    timesOf.set(key, [...recent, now]);
    return undefined;
  };
  return {
    fail(keys) {
      const waits = keys.map(failOne).filter((wait) => wait !== undefined);
      return waits.length === 0 ? undefined : Math.max(...waits);
    },
  };
}
