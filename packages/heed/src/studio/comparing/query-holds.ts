/** The leases on comparison queries: each is held for a limited time by one page of one rater. */
import { LEASE_SECONDS } from '../labelling/lease.ts';

/** Duration of a lease. As in labelling, an active page renews its leases, and a late answer is still accepted. */
const HOLD_MS = 1000 * LEASE_SECONDS;

interface Hold {
  readonly untilMs: number;
  /** The browser tab that has the lease. */
  readonly page: string;
}

export interface QueryHolds {
  hold(query: string, holder: { rater: string; page: string }): void;
  /** The rater's page that has a lease on the query; undefined when no page has a lease. */
  pageOf(query: string, rater: string): string | undefined;
  /** Number of other raters who have a lease on the query. */
  others(query: string, rater: string): number;
  /** Number of raters who have a lease on the query. */
  count(query: string): number;
  /** Ends a rater's lease on one query. */
  drop(query: string, rater: string): void;
  /** Ends all leases of the rater, or only the leases of one page. */
  release(options: { rater: string; page?: string | undefined }): void;
}

export function createQueryHolds(now: () => Date): QueryHolds {
  /** Leases by query, then by rater. */
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
