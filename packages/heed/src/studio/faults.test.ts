// Rows of the fault table that need no process to die: raters who send twice, come late or flood, and tables of another
// time.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTimedServer } from '../http/timed-server.ts';
import { openProject } from '../project/index.ts';
import { makeDrawnProject } from '../testing/drawn-project.ts';
import { hasEnded } from './jobs/job.ts';
import { databaseFolder, openDatabase } from './storage/database.ts';
import { openTestStudio, type TestStudio } from './testing.ts';

const TENTHS = Number(process.env.HEED_FAULT_TENTHS ?? 1);

let folder: string;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-faults-'));
  await makeDrawnProject(join(folder, 'p'), { prompts: 20, overrides: ['label.ratersPerQuery=3'] });
  test = await openTestStudio(await openProject(join(folder, 'p')));
});
afterAll(async () => {
  await test?.close();
  await rm(folder, { recursive: true });
});

const answer = (token: string, body: { id: string; query: string }) =>
  test.request('/api/labelling/answers', {
    method: 'POST',
    token,
    body: { ...body, labels: ['good', 'bad', 'bad'] },
  });
const lease = async (token: string, count: number) =>
  (await test.post<{ queries: { id: string }[] }>('/api/labelling/lease', { count }, token)).queries;
const rowsOf = async (query: ReturnType<typeof sql>) => (await test.studio.database.db.execute(query)).rows;
const eventsOf = async (rater: string) => (await test.studio.log.read()).filter((event) => event.rater === rater);

describe('answers', () => {
  // Row 13: 1,000 pairs.
  it('that are sent twice at once are one, and both are told so', async () => {
    const pairs = 100 * TENTHS;
    for (let r = 0; r * 10 < pairs; r++) {
      const token = await test.rater(`twice-${r}`);
      const queries = await lease(token, 10);
      // The places at the queries run out after three raters.
      await test.studio.database.db.execute(sql`update queries set answers = 0`);
      const answers = queries.map(({ id: query }) => ({ id: randomUUID(), query }));
      const responses = await Promise.all(answers.flatMap((body) => [answer(token, body), answer(token, body)]));
      const states = await Promise.all(
        responses.map(async (response) => ((await response.json()) as { state: string }).state),
      );
      expect(states.sort()).toEqual([...answers.map(() => 'accepted'), ...answers.map(() => 'known')]);
      const rater = `twice-${r}`;
      expect(await rowsOf(sql`select id from answers where rater = ${rater}`)).toHaveLength(queries.length);
      expect(await eventsOf(rater)).toHaveLength(3 * queries.length);
    }
  });

  // Row 15: 100.
  it('that come after the lease are kept, whether the place is still free or not', async () => {
    await test.studio.database.db.execute(sql`delete from leases`);
    for (let i = 0; i < 10 * TENTHS; i++) {
      await test.studio.database.db.execute(sql`update queries set answers = 0`);
      const [left, other] = await Promise.all([`left-${i}`, `other-${i}`].map((id) => test.rater(id)));
      const [query] = await lease(left!, 1);
      await test.studio.database.db.execute(sql`update leases set expires_at = now() - interval '1 minute'`);
      if (i % 2 === 1) {
        // Somebody else took the last place in the meantime.
        await test.studio.database.db.execute(sql`update queries set answers = 2 where id = ${query!.id}`);
        expect((await answer(other!, { id: randomUUID(), query: query!.id })).status).toBe(200);
      }
      expect((await answer(left!, { id: randomUUID(), query: query!.id })).status).toBe(200);
      expect(await eventsOf(`left-${i}`)).toHaveLength(3);
    }
  });
});

describe('floods', () => {
  // Row 34: 10,000 submits.
  it('of jobs start one, and labelling goes on', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 100 * TENTHS }, async () => {
        const body = { kind: 'report' };
        return (await test.request('/api/jobs', { method: 'POST', body, token: test.owner })).status;
      }),
    );
    // Another may begin once the first has ended; never two.
    expect(statuses.filter((status) => status === 200).length).toBeLessThan(1 + statuses.length / 20);
    expect((await test.studio.jobs.all()).filter((job) => !hasEnded(job)).length).toBeLessThanOrEqual(1);
    // 429: what one person has under way at the same time is limited.
    expect(statuses.filter((status) => ![200, 409, 429].includes(status))).toEqual([]);
    const token = await test.rater('flooded');
    await test.studio.database.db.execute(sql`update queries set answers = 0`);
    const [query] = await lease(token, 1);
    expect((await answer(token, { id: randomUUID(), query: query!.id })).status).toBe(200);
  });

  it('of bytes and of brackets are refused before they are read', async () => {
    const token = await test.rater('large');
    const post = async (body: string) =>
      (await test.request('/api/labelling/answers', { method: 'POST', token, body })).status;
    expect(await post(`{"id":"${'x'.repeat(50 * 1024 * 1024)}"}`)).toBe(413);
    expect(await post('['.repeat(100_000))).toBe(413);
    expect(await post('['.repeat(50_000))).toBe(400);
    expect(await post(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)).toBe(400);
  });

  it('of slow requests are cut', async () => {
    const server = createTimedServer(test.app.fetch, { headersMs: 300, requestMs: 600, checkEveryMs: 100 });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = server.address() as { port: number };
    const closed = [
      'GET / HTTP/1.1\r\nHost: x\r\n',
      'POST /api/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1',
    ].map(
      (beginning) =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(port, '127.0.0.1', () => socket.write(beginning));
          socket.resume();
          socket.on('close', () => resolve());
          socket.on('error', reject);
        }),
    );
    await Promise.all(closed);
    server.close();
  });
});

// Row 33.
it('has a secret of its own that nobody else can read', async () => {
  const { mode, size } = await stat(join(databaseFolder(test.studio.project), 'secret'));
  expect(mode & 0o777).toBe(0o600);
  expect(size).toBe(64);
});

// Row 37.
it('does not open tables of a newer heed', async () => {
  const { schemas, execute } = test.studio.database;
  const table = `${schemas.migrations}.__drizzle_migrations`;
  await execute(`insert into ${table} (hash, created_at) values ('of the future', ${Date.now() + 1e9})`, []);
  await test.close();
  for (let i = 0; i < TENTHS; i++) {
    await expect(openDatabase(databaseFolder(test.studio.project))).rejects.toThrow(
      "the studio's tables are of a newer heed",
    );
  }
});
