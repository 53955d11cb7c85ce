// Who waits for others, who comes back, and who is paid: several raters and few queries, through the API.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFeedbackLog } from '../../feedback/index.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import { createCompletions } from './completions.ts';

let folder: string;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-waiting-'));
  const project = await makeDrawnProject(join(folder, 'p'), { prompts: 6, overrides: ['label.ratersPerQuery=1'] });
  test = await openTestStudio(project, { attempts: 1000 });
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

interface Standing {
  answered: number;
  open: number;
  completion?: { code: string };
  paidInSeconds?: number;
}

const lease = async (token: string, options: { count?: number; page?: string } = {}) =>
  (await test.post<{ queries: { id: string }[] }>('/api/labelling/lease', { count: 5, ...options }, token)).queries.map(
    ({ id }) => id,
  );
const answer = (token: string, query: string) =>
  test.post('/api/labelling/answers', { id: randomUUID(), query, labels: ['good', 'bad', 'good'] }, token);
const standing = async (token: string) =>
  (await (await test.request('/api/labelling/standing', { token })).json()) as Standing;
const { stringify } = JSON;

describe('places at queries', () => {
  it('are held by page: two tabs of one rater are asked different queries, and closing one frees its own', async () => {
    const [ann, bob] = [await test.rater('ann'), await test.rater('bob')];
    const [one, two] = [await lease(ann, { count: 2, page: 'one' }), await lease(ann, { count: 3, page: 'two' })];
    expect(new Set([...one, ...two]).size).toBe(5);
    expect(await lease(ann, { count: 2, page: 'one' })).toEqual(one);
    const forBob = await lease(bob);
    expect(forBob).toHaveLength(1);
    await test.post('/api/labelling/release', { page: 'one' }, ann);
    expect((await lease(bob)).toSorted()).toEqual([...forBob, ...one].toSorted());
    expect(await lease(ann, { count: 3, page: 'two' })).toEqual(two);
    await test.post('/api/labelling/release', {}, ann);
    await test.post('/api/labelling/release', {}, bob);
  });

  it('come back within a minute where nobody is at a page, and its late answer is still taken', async () => {
    const [ann, bob] = [await test.rater('ann'), await test.rater('bob')];
    const held = await lease(ann);
    expect(held).toHaveLength(5);
    const { rows } = await test.studio.database.db.execute<{ seconds: number }>(
      sql`select max(extract(epoch from expires_at - now()))::int as seconds from leases`,
    );
    expect(rows[0]!.seconds).toBeLessThanOrEqual(30);
    await test.studio.database.db.execute(sql`update leases set expires_at = now() - interval '1 second'`);
    expect(await lease(bob, { count: 6 })).toHaveLength(6);
    await answer(ann, held[0]!);
    const log = await openFeedbackLog(test.studio.project.paths.feedback).read();
    expect(log.map(({ rater }) => rater)).toEqual(['ann', 'ann', 'ann']);
    await test.post('/api/labelling/release', {}, bob);
  });
});

describe('the completion code', () => {
  it('is for whoever did what there was; who must wait is told how long, and paid after it', async () => {
    const [idle, busy, late] = [await test.rater('idle'), await test.rater('busy'), await test.rater('late')];
    const held = await lease(idle, { count: 2 });
    for (const query of await lease(busy, { count: 10 })) await answer(busy, query);
    expect(await lease(busy)).toEqual([]);
    const waiting = await standing(busy);
    expect(waiting).toMatchObject({ open: 2, paidInSeconds: expect.any(Number) });
    expect(waiting).not.toHaveProperty('completion');
    expect(waiting.paidInSeconds).toBeGreaterThan(290);
    expect(await lease(late)).toEqual([]);

    // The idle page is closed: who waited goes on, and has the code at the end.
    await test.post('/api/labelling/release', {}, idle);
    const rest = await lease(busy);
    expect(rest.toSorted()).toEqual(held.toSorted());
    expect(await standing(busy)).not.toHaveProperty('paidInSeconds');
    for (const query of rest) await answer(busy, query);
    const done = await standing(busy);
    expect(done).toMatchObject({ open: 0, completion: { code: test.studio.completion.code } });
    // Who came too late has waited, and is paid when the time that the owner set is over.
    expect(await lease(late)).toEqual([]);
    expect(await standing(late)).toMatchObject({ answered: 0, open: 0, paidInSeconds: expect.any(Number) });
    await test.studio.database.db.execute(
      sql`update completions set waiting_since = now() - interval '6 minutes' where rater = 'late'`,
    );
    const again = createCompletions(test.studio.database.db, { waitMinutes: 5 });
    expect(await again.look('late', { answered: 0, open: 0 })).toEqual({ isEarned: true });
  });

  it('is counted by the server’s clock over restarts, stays earned, and is never the owner’s', async () => {
    const { db } = test.studio.database;
    let nowMs = 0;
    const open = () => createCompletions(db, { waitMinutes: 2, now: () => new Date(nowMs) });
    const first = open();
    await first.noteAsked('w', { hasWork: false });
    nowMs = 60_000;
    await first.noteAsked('w', { hasWork: false });
    expect(await first.look('w', { answered: 3, open: 4 })).toEqual({ isEarned: false, paidInSeconds: 60 });
    const second = open();
    nowMs = 119_000;
    expect(await second.look('w', { answered: 3, open: 4 })).toEqual({ isEarned: false, paidInSeconds: 1 });
    // There is work again: the wait starts again.
    await second.noteAsked('w', { hasWork: true });
    expect(await second.look('w', { answered: 3, open: 4 })).toEqual({ isEarned: false });
    await second.noteAsked('w', { hasWork: false });
    nowMs += 120_000;
    expect(await second.look('w', { answered: 3, open: 4 })).toEqual({ isEarned: true });
    expect(await open().look('w', { answered: 0, open: 9 })).toEqual({ isEarned: true });
    expect(await open().look('x', { answered: 0, open: 0 })).toEqual({ isEarned: false });
    expect(await open().look('x', { answered: 1, open: 0 })).toEqual({ isEarned: true });
    expect(await standing(test.owner)).not.toHaveProperty('completion');
  });
});

describe('a trial', () => {
  it('shows the owner what raters see, and leaves no trace', async () => {
    const made = await test.post<{ link: string; id: string }>(
      '/api/invites',
      { name: 'Try', days: 1, maxUses: 1 },
      test.owner,
    );
    const token = new URL(made.link).hash.slice(1);
    const trace = async () => {
      const { db } = test.studio.database;
      const tables = ['answers', 'leases', 'completions', 'queries'];
      const counts = await Promise.all(
        tables.map(async (name) => (await db.execute(sql.raw(`select * from ${name} order by 1, 2`))).rows),
      );
      const log = await openFeedbackLog(test.studio.project.paths.feedback).read();
      return stringify([counts, log, (await test.studio.invites.find(made.id))!.uses]);
    };
    const before = await trace();
    const tryIt = (cookie: string | undefined) =>
      test.request('/api/session/join', { method: 'POST', body: { token, isTrial: true }, token: cookie });
    expect((await tryIt(undefined)).status).toBe(404);
    expect((await tryIt(await test.rater('somebody'))).status).toBe(404);
    const joined = await tryIt(test.owner);
    const cookies = joined.headers.getSetCookie();
    // The owner's own cookie stays as it is.
    expect(cookies).toHaveLength(1);
    const session = /=([\w-]{43});/.exec(cookies[0]!)![1]!;
    const about = await test.request('/api/session', { token: session });
    expect(await about.json()).toMatchObject({ role: 'rater', isTrial: true, purpose: 'both' });
    expect((await test.request('/api/overview', { token: session })).status).toBe(404);
    expect(await standing(session)).toMatchObject({ answered: 0, open: 6 });
    const ids = await lease(session, { count: 10 });
    expect(ids).toHaveLength(6);
    for (const query of ids) await answer(session, query);
    expect(await standing(session)).toMatchObject({ answered: 6, open: 0, completion: { code: 'TRIAL' } });
    expect(await lease(session)).toEqual([]);
    expect(await trace()).toBe(before);
  });
});
