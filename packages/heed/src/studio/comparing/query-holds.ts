/** Which queries raters have on their pages: each is held for a while, for one page of one rater. */
import { LEASE_SECONDS } from '../labelling/lease.ts';

/** As for labelling: the rater's page asks again while somebody is at it, and a late answer is still taken. */
const HOLD_MS = 1000 * LEASE_SECONDS;

interface Hold {
  readonly untilMs: number;
  /** The rater's page (a browser tab) that has the query. */
  readonly page: string;
}

export interface QueryHolds {
  hold(query: string, holder: { rater: string; page: string }): void;
  /** The page of the rater that has the query; undefined where none has. */
  pageOf(query: string, rater: string): string | undefined;
  /** How many others have it. */
  others(query: string, rater: string): number;
  /** How many raters have it. */
  count(query: string): number;
  /** Lets go of one query of a rater. */
  drop(query: string, rater: string): void;
  /** Lets go of all that the rater has, or that one of their pages has. */
  release(options: { rater: string; page?: string | undefined }): void;
}

export function createQueryHolds(now: () => Date): QueryHolds {
  /** By query, then by rater. */
  const holds = new Map<string, Map<string, Hold>>();
  const of = (query: string) => holds.get(query) ?? new Map<string, Hold>();
  const isHeld = ({ untilMs }: Hold) => untilMs > now().getTime();
  const drop = (query: string, rater: string) => {
    holds.get(query)?.delete(rater);
    if (holds.get(query)?.size === 0) holds.delete(query);
  };
  return {
    hold(query, { rater, page }) {
      holds.set(query, of(query).set(rater, { untilMs: now().getTime() + HOLD_MS, page }));
    },
    pageOf(query, rater) {
      const hold = of(query).get(rater);
      return hold && isHeld(hold) ? hold.page : undefined;
    },
    others: (query, rater) => [...of(query)].filter(([holder, hold]) => holder !== rater && isHeld(hold)).length,
    count: (query) => [...of(query).values()].filter(isHeld).length,
    drop,
    release({ rater, page }) {
      for (const query of [...holds.keys()]) {
        if (page === undefined || of(query).get(rater)?.page === page) drop(query, rater);
      }
    },
  };
}
