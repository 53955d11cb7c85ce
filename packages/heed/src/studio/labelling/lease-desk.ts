/**
 * Where raters' pages ask for their next queries: those that ask at the same time share one transaction, and what would
 * wait too long is refused. Which queries they get is `lease.ts`'s business.
 */
import { createBatches } from '../storage/batches.ts';
import type { OpenDatabase } from '../storage/database.ts';
import { type AskedQuery, type LeaseOptions, leaseForAll } from './lease.ts';

/** Rejects with `Overloaded` where too many wait already. */
export type LeaseDesk = (options: LeaseOptions) => Promise<AskedQuery[]>;

/** Small enough that answers, which wait for the same database, are not held up. */
const LEASES_AT_ONCE = 5;

export function createLeaseDesk({ db }: Pick<OpenDatabase, 'db'>): LeaseDesk {
  const batches = createBatches(
    (list: readonly LeaseOptions[]) => db.transaction((transaction) => leaseForAll(transaction, list)),
    { maxItems: LEASES_AT_ONCE },
  );
  return batches.add;
}
