// The standing of a rater: counted exactly while queries are few, and from many on without reading them all each time.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenDatabase, openDatabase } from '../storage/database.ts';
import { createStandings } from './standing.ts';

let folder: string;
let database: OpenDatabase;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-standing-'));
  database = await openDatabase(folder);
  await database.db.execute(sql`
    insert into queries (id, prompt, category, images, position, answers)
    select 'q' || i, 'a prompt', 'count', array['a' || i], i, case when i > 6 then 2 else 1 end
    from generate_series(1, 8) as i`);
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

async function answer(query: string, { rater, seconds = 4 }: { rater: string; seconds?: number }): Promise<void> {
  await database.db.execute(sql`
    insert into answers (id, query, rater, is_human, is_skipped, labels, seconds, answered_at)
    values (${`${query}-${rater}`}, ${query}, ${rater}, true, false, '{}'::jsonb, ${seconds}, now())`);
}

it('counts what is open to a rater: neither what is done by all nor what they answered', async () => {
  const standing = createStandings(database.db, { ratersPerQuery: 2 });
  expect(await standing({ rater: 'ada' })).toEqual({ answered: 0, open: 6 });
  await answer('q1', { rater: 'ada', seconds: 2 });
  await answer('q8', { rater: 'ada', seconds: 6 });
  expect(await standing({ rater: 'ada' })).toEqual({ answered: 2, open: 5, medianSeconds: 4 });
  expect(await standing({ rater: 'ada', queriesPerRater: 3 })).toMatchObject({ open: 1 });
  expect(await standing({ rater: 'ben' })).toEqual({ answered: 0, open: 6 });
});

it('remembers a large count for ten seconds, and still knows the own answers', async () => {
  let now = 0;
  const standing = createStandings(database.db, { ratersPerQuery: 2, many: 6, nowMs: () => now });
  expect(await standing({ rater: 'ben' })).toMatchObject({ open: 6 });
  await database.db.execute(sql`update queries set answers = 2 where id = 'q2'`);
  await answer('q3', { rater: 'ben' });
  now = 9999;
  expect(await standing({ rater: 'ben' })).toMatchObject({ answered: 1, open: 5 });
  now = 10_000;
  expect(await standing({ rater: 'ben' })).toMatchObject({ answered: 1, open: 4 });
});
