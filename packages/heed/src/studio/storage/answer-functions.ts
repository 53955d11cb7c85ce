/** SQL functions that store raters' answers. `functions.ts` explains why the statements are SQL functions. */
import { PLANS } from './function-plans.ts';

/**
 * SQL expression: number of people's answers to a row of `queries`, without skipped and retracted answers. Answers that
 * only measure raters are not included.
 */
export const COUNT_ANSWERS = `(select count(*) from answers
    where answers.query = queries.id and is_human and not is_skipped and purpose in ('feedback', 'preference')
      and retracted_at is null)`;

/**
 * Reads the queries named in `asked` (an array of `{ place, id, query, rater }`). The function also reads, without
 * duplicates, the answers that have one of these ids, or that these raters gave to these queries.
 */
const READ_FOR_ANSWERS = `
create or replace function heed_read_for_answers(asked json)
returns table (found json, earlier json) ${PLANS}
as $$
#variable_conflict use_column
begin
  return query
  with wanted as materialized (
    select * from json_to_recordset(asked) as w(place int, id text, query text, rater text)),
  behind as (
    select w.place, l.purpose, l.repeat_of as "repeatOf",
      (extract(epoch from now() - coalesce(l.shown_at, l.handed_at)) * 1000)::double precision as "elapsedMs",
      q.images, q.gold_since is not null as "isGold", r.images as "repeatedImages"
    from wanted w
    left join leases l on l.query = w.query and l.rater = w.rater
    left join queries q on q.id = w.query
    left join queries r on r.id = l.repeat_of),
  given as (
    select distinct on (a.id) a.id, a.query, a.rater, a.labels, a.purpose, a.too_fast as "tooFast",
      a.retracted_at is not null as "isRetracted", a.answered_at
    from wanted w cross join lateral (
      (select * from answers where query = w.query and rater = w.rater)
      union all
      (select * from answers where id = w.id)) a)
  select (select coalesce(json_agg(behind), '[]') from behind),
    (select coalesce(json_agg(given order by given.answered_at, given.id), '[]') from given);
end
$$`;

/**
 * Writes new answers (an array of rows), updates the answer counts of the queries, and ends the leases on which the
 * answers were given. `event_count` is the number of log events that the tables then contain.
 */
const WRITE_ANSWERS = `
create or replace function heed_write_answers(given json, event_count int)
returns void ${PLANS}
as $$
#variable_conflict use_column
begin
  insert into answers (id, query, rater, is_human, is_skipped, labels, reason, seconds, purpose, repeat_of, too_fast,
    answered_at)
  select id, query, rater, "isHuman", "isSkipped", labels, reason, seconds, purpose, "repeatOf", "tooFast", "answeredAt"
  from json_to_recordset(given) as g(id text, query text, rater text, "isHuman" boolean, "isSkipped" boolean,
    labels jsonb, reason text, seconds double precision, purpose text, "repeatOf" text, "tooFast" boolean,
    "answeredAt" timestamptz);
  update queries set answers = ${COUNT_ANSWERS}
  where id = any(array(select distinct g.query from json_to_recordset(given) as g(query text)));
  delete from leases l using json_to_recordset(given) as g(query text, rater text)
  where l.query = g.query and l.rater = g.rater;
  insert into progress (source, count) values ('feedback', event_count)
  on conflict (source) do update set count = excluded.count;
end
$$`;

export const ANSWER_FUNCTIONS = [READ_FOR_ANSWERS, WRITE_ANSWERS];
