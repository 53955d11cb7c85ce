/**
 * Vacuums PGlite's tables, because PGlite lacks PostgreSQL's autovacuum. Without vacuuming, deleted and changed rows
 * stay in the tables and indexes, and the query planner does not know the tables' sizes.
 */
import type { SqlExecutor } from './database.ts';

export const VACUUM_EVERY_MS = 10_000;

/**
 * Limits above which a table is vacuumed or analyzed; the values are the defaults of PostgreSQL's autovacuum settings,
 * such as `autovacuum_vacuum_threshold`.
 */
const THRESHOLD = 50;
const DEAD_SHARE = 0.2;
const CHANGED_SHARE = 0.1;

/**
 * Vacuums and analyzes the tables with more changed rows than the limits above; returns the names of these tables. Not
 * within a transaction.
 */
export async function vacuumChanged(execute: SqlExecutor): Promise<string[]> {
  const { rows } = await execute(
    `select format('%I.%I', schemaname, relname) as name from pg_stat_user_tables
     where n_dead_tup > ${THRESHOLD} + ${DEAD_SHARE} * n_live_tup
       or n_mod_since_analyze > ${THRESHOLD} + ${CHANGED_SHARE} * n_live_tup
     order by 1`,
    [],
  );
  const names = rows.map(({ name }) => String(name));
  for (const name of names) await execute(`vacuum (analyze) ${name}`);
  return names;
}

/**
 * Calls `vacuumChanged` every `everyMs` milliseconds; a failed call is not reported. The returned function ends this
 * and resolves once no call is running.
 */
export function keepVacuumed(execute: SqlExecutor, { everyMs = VACUUM_EVERY_MS } = {}): () => Promise<void> {
  let running = Promise.resolve();
  let isEnding = false;
  const look = () => {
    running = running.then(async () => {
      if (!isEnding) await vacuumChanged(execute).catch(() => {});
    });
  };
  const timer = setInterval(look, everyMs);
  timer.unref();
  return async () => {
    isEnding = true;
    clearInterval(timer);
    await running;
  };
}
