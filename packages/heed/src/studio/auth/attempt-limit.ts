/** Counts attempts by address and holds back those who try too often. In memory: a restart forgives. */

export interface AttemptLimit {
  /** Counts one attempt; the seconds to wait where it is one too many. */
  take(address: string): number | undefined;
}

const MAX_ADDRESSES = 10_000;

/** At most `attempts` in any window of `windowMs` for each address. */
export function createAttemptLimit(
  options: { attempts?: number; windowMs?: number; nowMs?: () => number } = {},
): AttemptLimit {
  const { attempts = 10, windowMs = 60_000, nowMs = () => performance.now() } = options;
  const timesOf = new Map<string, number[]>();
  return {
    take(address) {
      const now = nowMs();
      const recent = (timesOf.get(address) ?? []).filter((time) => time > now - windowMs);
      if (recent.length >= attempts) return Math.ceil((recent[0]! + windowMs - now) / 1000);
      // The oldest address gives way, so that a flood of addresses cannot fill the memory.
      if (timesOf.size >= MAX_ADDRESSES) timesOf.delete(timesOf.keys().next().value!);
      timesOf.delete(address);
      timesOf.set(address, [...recent, now]);
      return undefined;
    },
  };
}
