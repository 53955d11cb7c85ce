/** SQL functions for leasing queries. `functions.ts` explains why the statements are SQL functions. */
import { PLANS } from './function-plans.ts';

/**
 * The largest number of queries that a page may hold. The limit is a constant of the statement, so that one query plan
 * fits every count.
 */
export const MAX_LEASED = 10;

/** The least number of other answers by a rater between a query and its repetition. */
const QUERIES_BETWEEN = 5;
/** The largest number of candidate queries from which one is chosen; with more, guessing would be no harder. */
const POOL_SIZE = 100;

/** SQL condition: the rater has not answered the query `q` and has no lease on it. */
function isNewTo(rater: string): string {
  return `
    not exists (select 1 from answers a where a.query = q.id and a.rater = ${rater} and a.retracted_at is null offset 0)
    and not exists (
      select 1 from leases l where l.query = q.id and l.rater = ${rater} and l.expires_at > now() offset 0)`;
}

/**
 * Reads the numbers of a rater's past answers, the queries that the rater's page has leased, and the next queries, each
 * as JSON. Leases without a page are included with the leases of `the_page`. Leases are given out serially, because two
 * concurrent raters would otherwise both take the last place of a query. Losing a lease in a crash is harmless, so
 * leases do not wait for the disk.
 */
const READ_FOR_LEASE = `
create or replace function heed_read_for_lease(the_rater text, the_page text, raters_per_query int)
returns table (past json, held json, in_turn json) ${PLANS}
as $$
#variable_conflict use_column
begin
  perform pg_advisory_xact_lock(hashtext('heed leases'), hashtext(current_schema())),
    set_config('synchronous_commit', 'off', true);
  return query
  with done as (
    select
      (count(*) filter (where purpose = 'practice' and retracted_at is null))::int as practised,
      (count(*) filter (where purpose <> 'practice' and retracted_at is null))::int as answered,
      (count(*) + (select count(*) from leases where rater = the_rater and expires_at > now()))::int as turns
    from answers where rater = the_rater),
  own as (
    select l.query as id, q.prompt, q.images, l.purpose, l.repeat_of as "repeatOf"
    from leases l join queries q on q.id = coalesce(l.repeat_of, l.query)
    where l.rater = the_rater and l.page in ('', the_page) and l.expires_at > now() and not exists (
      select 1 from answers a where a.query = l.query and a.rater = l.rater and a.retracted_at is null offset 0)
    order by l.purpose <> 'practice', l.handed_at, q.answers, q.position limit ${MAX_LEASED}),
  free as (
    select q.id, q.prompt, q.images, 'feedback' as purpose from queries q
    where q.answers < raters_per_query and q.gold_since is null and ${isNewTo('the_rater')}
      and q.answers < raters_per_query - (
        select count(*) from leases l where l.query = q.id and l.rater <> the_rater and l.expires_at > now())
    order by q.answers, q.position limit ${MAX_LEASED})
  select (select row_to_json(done) from done),
    (select coalesce(json_agg(own), '[]') from own),
    (select coalesce(json_agg(free), '[]') from free);
end
$$`;

/** Leases queries to a rater. Renewing an expired lease restarts the measurement of the answer time. */
const HOLD_QUERIES = `
create or replace function heed_hold_queries(the_rater text, the_page text, held jsonb, held_for interval)
returns void ${PLANS}
as $$
begin
  insert into leases (query, rater, page, purpose, repeat_of, expires_at)
  select h.id, the_rater, the_page, h.purpose, h."repeatOf", now() + held_for
  from jsonb_to_recordset(held) as h(id text, purpose text, "repeatOf" text)
  on conflict (query, rater) do update set expires_at = excluded.expires_at, page = excluded.page,
    purpose = excluded.purpose,
    handed_at = case when leases.expires_at > now() then leases.handed_at else now() end,
    shown_at = case when leases.expires_at > now() then leases.shown_at end;
end
$$`;

/**
 * Practice queries (the first queries that got a known answer) that this rater has not answered and has no lease on.
 */
const PRACTICE_POOL = `
create or replace function heed_practice_pool(the_rater text, practice_queries int)
returns table (id text, prompt text, images text[], purpose text) ${PLANS}
as $$
#variable_conflict use_column
begin
  return query
  select q.id, q.prompt, q.images, 'practice'
  from (select * from queries where gold_since is not null order by gold_since, id limit practice_queries) q
  where ${isNewTo('the_rater')} order by q.gold_since, q.id;
end
$$`;

/**
 * Queries with a known answer that are not used for practice and are new to this rater. The known answers of these
 * queries are never shown to raters.
 */
const SILENT_GOLD = `
create or replace function heed_silent_gold(the_rater text, practice_queries int)
returns table (id text, prompt text, images text[], purpose text) ${PLANS}
as $$
#variable_conflict use_column
begin
  return query
  select q.id, q.prompt, q.images, 'gold'
  from (select * from queries where gold_since is not null order by gold_since, id offset practice_queries) q
  where ${isNewTo('the_rater')} order by q.position limit ${POOL_SIZE};
end
$$`;

/** Queries that the rater answered as feedback a while ago and that were not repeated yet. */
const REPEATABLE = `
create or replace function heed_repeatable(the_rater text)
returns table ("repeatOf" text, prompt text, images text[], purpose text) ${PLANS}
as $$
#variable_conflict use_column
begin
  return query
  select a.query, q.prompt, q.images, 'repeat'
  from answers a join queries q on q.id = a.query
  where a.rater = the_rater and a.purpose = 'feedback' and a.retracted_at is null and not a.is_skipped
    and a.query <> all (array(
      select repeat_of from answers where rater = the_rater and repeat_of is not null
      union all
      select repeat_of from leases where rater = the_rater and repeat_of is not null and expires_at > now()))
  order by a.answered_at desc, a.id offset ${QUERIES_BETWEEN} limit ${POOL_SIZE};
end
$$`;

export const LEASE_FUNCTIONS = [READ_FOR_LEASE, HOLD_QUERIES, PRACTICE_POOL, SILENT_GOLD, REPEATABLE];
