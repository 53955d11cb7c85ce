/**
 * Vacuums PGlite's tables, because PGlite lacks PostgreSQL's autovacuum. Without vacuuming, rows of ended leases stay
 * in the tables and indexes, and the planner does not know the tables' sizes.
 */
import type { SqlExecutor } from './database.ts';

export const VACUUM_EVERY_MS = 10_000;

/**
 * PostgreSQL's defaults of `autovacuum_vacuum_threshold` and `autovacuum_vacuum_scale_factor`, and of their
 * counterparts for analyze.
 */
const THRESHOLD = 50;
const DEAD_SHARE = 0.2;
const CHANGED_SHARE = 0.1;

/** Vacuums and analyzes the tables that changed enough; returns their names. Not within a transaction. */
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
 * Checks the tables every `everyMs` until the returned function has resolved. After a failure the next check tries
 * again.
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
