/**
 * SQL functions, created again at every start. Postgres plans a plain statement on each call, which costs PGlite more
 * than running it. For a function's statements, the session caches the plans.
 */
import { ANSWER_FUNCTIONS } from './answer-functions.ts';
import type { OpenDatabase } from './database.ts';
import { LEASE_FUNCTIONS } from './lease-functions.ts';

export async function makeFunctions({ execute }: Pick<OpenDatabase, 'execute'>): Promise<void> {
  for (const text of [...LEASE_FUNCTIONS, ...ANSWER_FUNCTIONS]) await execute(text);
}
