/**
 * Functions of the database, made again at every start. Postgres plans a statement each time it comes, which costs
 * PGlite three times what the statement of a lease does; the plan of a function's statement is kept by the session.
 */
import type { OpenDatabase } from './database.ts';

/** Most queries that a page may hold; a number in the statement, so that one plan fits every count. */
export const MAX_LEASED = 10;

/**
 * What a rater has done, what their page holds and what is next in turn, each as JSON. `the_page` sees its own leases
 * and those of no page.
 */
const READ_FOR_LEASE = `
create or replace function heed_read_for_lease(the_rater text, the_page text, raters_per_query int)
returns table (past json, held json, in_turn json)
language plpgsql
-- The plan outlives the size that the tables had when it was made: always by index.
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
#variable_conflict use_column
begin
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
      select 1 from answers a where a.query = l.query and a.rater = l.rater and a.retracted_at is null)
    order by l.purpose <> 'practice', l.handed_at, q.answers, q.position limit ${MAX_LEASED}),
  free as (
    select q.id, q.prompt, q.images, 'feedback' as purpose from queries q
    where q.answers < raters_per_query and q.gold_since is null
      and not exists (
        select 1 from answers a where a.query = q.id and a.rater = the_rater and a.retracted_at is null)
      and q.answers < raters_per_query - (
        select count(*) from leases l where l.query = q.id and l.rater <> the_rater and l.expires_at > now())
      and not exists (
        select 1 from leases l where l.query = q.id and l.rater = the_rater and l.expires_at > now())
    order by q.answers, q.position limit ${MAX_LEASED})
  select (select row_to_json(done) from done),
    (select coalesce(json_agg(own), '[]') from own),
    (select coalesce(json_agg(free), '[]') from free);
end
$$`;

/** Holds queries for a rater from now on. A lease that was over starts the answer's time again. */
const HOLD_QUERIES = `
create or replace function heed_hold_queries(the_rater text, the_page text, held jsonb, held_for interval)
returns void
language plpgsql
set plan_cache_mode = force_generic_plan
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

export async function makeFunctions({ execute }: Pick<OpenDatabase, 'execute'>): Promise<void> {
  for (const text of [READ_FOR_LEASE, HOLD_QUERIES]) await execute(text);
}
