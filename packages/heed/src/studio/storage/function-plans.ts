/** Settings that make PostgreSQL plan the studio's SQL functions with indexes. */

/**
 * Stands in every function. A plan outlives the size that the tables had when it was made: always by index.
 * `offset 0` keeps a condition from being planned as a join; it is looked up by its index for each row, whatever the
 * statistics say of the tables.
 */
export const PLANS = `language plpgsql
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan`;
