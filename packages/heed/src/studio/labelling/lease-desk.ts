/**
 * Serves raters' pages that ask for their next queries. Concurrent requests share one transaction, and requests that
 * would wait too long are rejected. `lease.ts` chooses the queries.
 */
import { createBatches } from '../storage/batches.ts';
import type { OpenDatabase } from '../storage/database.ts';
import { type AskedQuery, type LeaseOptions, leaseForAll } from './lease.ts';

/** Leases queries to raters' pages. Rejects with `Overloaded` when too many requests wait. */
export type LeaseDesk = (options: LeaseOptions) => Promise<AskedQuery[]>;

/** Number of lease requests in a batch, small enough not to delay the storing of answers in the same database. */
const LEASES_AT_ONCE = 5;

export function createLeaseDesk({ db }: Pick<OpenDatabase, 'db'>): LeaseDesk {
  const batches = createBatches(
    (list: readonly LeaseOptions[]) => db.transaction((transaction) => leaseForAll(transaction, list)),
    { maxItems: LEASES_AT_ONCE },
  );
  return batches.add;
}
