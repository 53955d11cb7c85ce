/**
 * Functions of the database, made again at every start. Postgres plans a statement each time it comes, which costs
 * PGlite more than running it; the session keeps the plans of a function's statements.
 */
import { ANSWER_FUNCTIONS } from './answer-functions.ts';
import type { OpenDatabase } from './database.ts';
import { LEASE_FUNCTIONS } from './lease-functions.ts';

export async function makeFunctions({ execute }: Pick<OpenDatabase, 'execute'>): Promise<void> {
  for (const text of [...LEASE_FUNCTIONS, ...ANSWER_FUNCTIONS]) await execute(text);
}
