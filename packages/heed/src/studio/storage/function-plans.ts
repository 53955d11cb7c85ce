/** Settings that make PostgreSQL plan the studio's SQL functions with indexes. */

/**
 * Header of every SQL function. A plan stays cached while tables grow, so it must always use an index. `offset 0` keeps
 * a condition from being planned as a join. PostgreSQL then uses the index for each row, whatever its table statistics.
 */
export const PLANS = `language plpgsql
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan`;
