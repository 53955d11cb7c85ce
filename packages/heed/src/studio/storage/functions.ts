/**
 * Creates the studio's SQL functions, again at every start. Postgres plans a plain statement on each call, and in
 * PGlite the planning takes longer than the execution. For statements inside a function, the session caches the plans.
 */
import { ANSWER_FUNCTIONS } from './answer-functions.ts';
import type { OpenDatabase } from './database.ts';
import { LEASE_FUNCTIONS } from './lease-functions.ts';

export async function makeFunctions({ execute }: Pick<OpenDatabase, 'execute'>): Promise<void> {
  for (const text of [...LEASE_FUNCTIONS, ...ANSWER_FUNCTIONS]) await execute(text);
}
