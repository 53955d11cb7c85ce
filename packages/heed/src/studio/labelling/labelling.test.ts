// Labelling through the HTTP API on a real database and a real log: what is asked, taken, taken back and never lost.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedbackEvent, lastWords, openFeedbackLog } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import { addDrawnImages, makeDrawnProject } from '../../testing/drawn-project.ts';
import { databaseFolder } from '../storage/database.ts';
import { rebuildStudio } from '../storage/rebuild.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';

const TENTHS = Number(process.env.HEED_FAULT_TENTHS ?? 1);

interface Lease {
  queries: { id: string; prompt: string; images: { name: string }[] }[];
}

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-labelling-'));
  // Requests in one process come sooner than anybody can look.
  project = await makeDrawnProject(join(folder, 'p'), { prompts: 20, overrides: ['label.minAnswerMs=0'] });
  test = await openTestStudio(project);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const lease = (token: string, count = 3) => test.post<Lease>('/api/labelling/lease', { count }, token);
const events = async (): Promise<FeedbackEvent[]> => openFeedbackLog(project.paths.feedback).read();
const answerTo = (query: Lease['queries'][number], labels: ('good' | 'bad')[] | null = ['good', 'bad', 'good']) => ({
  id: randomUUID(),
  query: query.id,
  labels,
  seconds: 2.5,
});
const submit = (answer: object, token: string) =>
  test.request('/api/labelling/answers', { method: 'POST', body: answer, token });

describe('an answer', () => {
  it('is in the log with who, what, when and for how long before it is acknowledged', async () => {
    const [query] = (await lease(test.owner)).queries;
    const answer = answerTo(query!);
    expect(await (await submit(answer, test.owner)).json()).toEqual({ state: 'accepted' });
    const written = (await events()).filter((event) => event.answer === answer.id);
    expect(written.map(({ label }) => label)).toEqual(['good', 'bad', 'good']);
    expect(written[0]).toMatchObject({
      rater: 'owner',
      raterKind: 'human',
      model: 'base',
      prompt: query!.prompt,
      query: query!.id,
      seconds: 2.5,
    });
  });

  it('is taken once, however often and by how many at a time it is sent', async () => {
    const rater = await test.rater('twice');
    const { queries } = await lease(rater, 5);
    const before = (await events()).length;
    const answers = queries.map((query) => answerTo(query));
    const responses = await Promise.all(Array.from({ length: 100 }, (_, i) => submit(answers[i % 5]!, rater)));
    const states = await Promise.all(
      responses.map(async (response) => ((await response.json()) as { state: string }).state),
    );
    expect(states.filter((state) => state === 'accepted')).toHaveLength(5);
    expect(states.filter((state) => state === 'known')).toHaveLength(95);
    expect((await events()).length - before).toBe(15);
  });

  it('does not overwrite another of the same rater', async () => {
    const rater = await test.rater('conflict');
    const [query] = (await lease(rater)).queries;
    expect((await submit(answerTo(query!), rater)).status).toBe(200);
    // The same words under another id are a retry of a page that lost its memory.
    expect(await (await submit(answerTo(query!), rater)).json()).toEqual({ state: 'known' });
    expect((await submit(answerTo(query!, ['bad', 'bad', 'bad']), rater)).status).toBe(409);
  });

  it('of a shape that nobody asked for is refused, and nothing is written', async () => {
    const rater = await test.rater('shape');
    const [query] = (await lease(rater)).queries;
    const before = (await events()).length;
    const good = answerTo(query!);
    for (const [body, status] of [
      [{ ...good, labels: ['good'] }, 409],
      [{ ...good, labels: ['great', 'bad', 'good'] }, 400],
      [{ ...good, query: 'none' }, 404],
      [{ ...good, id: '1' }, 400],
      [{ ...good, rater: 'owner' }, 400],
      [{ ...good, seconds: -1 }, 400],
      [{ ...good, reason: 'x'.repeat(501) }, 400],
      ['{"id":', 400],
      [{ ...good, reason: 'x'.repeat(70_000) }, 413],
    ] as const) {
      expect([body, (await submit(body as object, rater)).status]).toEqual([body, status]);
    }
    expect((await events()).length).toBe(before);
  });

  it('can skip, with a reason, and then counts for nobody', async () => {
    const rater = await test.rater('skipper');
    const [query] = (await lease(rater)).queries;
    expect((await submit({ ...answerTo(query!, null), reason: "I can't tell" }, rater)).status).toBe(200);
    const skipped = (await events()).filter((event) => event.rater === 'skipper');
    expect(skipped.map(({ label, reason }) => [label, reason])).toEqual(Array(3).fill(['skip', "I can't tell"]));
    const { rows } = await test.studio.database.db.execute<{ answers: number }>(
      sql`select answers from queries where id = ${query!.id}`,
    );
    expect(rows[0]!.answers).toBeLessThanOrEqual(1);
  });
});

describe('undo', () => {
  it('takes the answer back in the log, brings the query again, and a retry of the first does not return it', async () => {
    const rater = await test.rater('undoer');
    const [query] = (await lease(rater)).queries;
    const first = answerTo(query!);
    await submit(first, rater);
    const path = `/api/labelling/answers/${first.id}/retract`;
    for (let time = 0; time < 3; time++) expect(await test.post(path, {}, rater)).toEqual({ state: 'retracted' });
    expect(await (await submit(first, rater)).json()).toEqual({ state: 'retracted' });
    const own = async () => (await events()).filter((event) => event.rater === 'undoer');
    expect((await own()).map(({ label }) => label)).toEqual(['good', 'bad', 'good', ...Array(3).fill('retracted')]);
    expect(lastWords(await own())).toEqual([]);
    expect((await lease(rater)).queries.map(({ id }) => id)).toContain(query!.id);

    await submit(answerTo(query!, ['bad', 'bad', 'bad']), rater);
    expect(lastWords(await own()).map(({ label }) => label)).toEqual(['bad', 'bad', 'bad']);
    expect(new Set((await own()).map(({ id }) => id)).size).toBe(9);
  });

  it('holds the query for the page that took the answer back, until that page is closed', async () => {
    const rater = await test.rater('two tabs');
    const leaseFor = async (page: string) => {
      const { queries } = await test.post<Lease>('/api/labelling/lease', { count: 1, page }, rater);
      return queries[0]!;
    };
    const query = await leaseFor('one');
    const answer = answerTo(query);
    await submit(answer, rater);
    await test.post(`/api/labelling/answers/${answer.id}/retract?page=one`, {}, rater);
    expect((await leaseFor('two')).id).not.toBe(query.id);
    expect((await leaseFor('one')).id).toBe(query.id);
  });

  it('is for the own answers alone', async () => {
    const [rater, other] = [await test.rater('mine'), await test.rater('other')];
    const [query] = (await lease(rater)).queries;
    const answer = answerTo(query!);
    await submit(answer, rater);
    const path = `/api/labelling/answers/${answer.id}/retract`;
    expect((await test.request(path, { method: 'POST', body: {}, token: other })).status).toBe(404);
    expect((await submit({ ...answerTo(query!), id: answer.id }, other)).status).toBe(409);
  });
});

describe('queries', () => {
  it('are no more than the rater may answer, also while an answer is written', async () => {
    const overrides = ['label.queriesPerRater=1'];
    const limited = await openTestStudio(await makeDrawnProject(join(folder, 'limited'), { prompts: 3, overrides }));
    const token = await limited.rater('two tabs');
    const leaseFor = async (page: string) =>
      (await limited.post<Lease>('/api/labelling/lease', { count: 3, page }, token)).queries;
    const [query] = await leaseFor('one');
    const answer = answerTo(query!);
    const writing = limited.studio.desk.answer({ ...answer, labels: answer.labels!, rater: 'two tabs' });
    expect(await leaseFor('two')).toEqual([]);
    expect(await writing).toMatchObject({ state: 'accepted' });
    await limited.close();
  });

  // Row 14 of the fault table: 50 raters and 200 queries with `npm run test:faults`.
  it('are asked of as many raters as the project wants, however many race for them', async () => {
    const prompts = 20 * TENTHS;
    const raced = await makeDrawnProject(join(folder, 'race'), { prompts, overrides: ['label.ratersPerQuery=3'] });
    const racing = await openTestStudio(raced);
    const raters = await Promise.all(Array.from({ length: 5 * TENTHS }, (_, i) => racing.rater(`r${i}`)));
    await Promise.all(
      raters.map(async (token) => {
        for (;;) {
          const { queries } = await racing.post<Lease>('/api/labelling/lease', { count: 2 }, token);
          if (queries.length === 0) return;
          for (const query of queries) await racing.post('/api/labelling/answers', answerTo(query), token);
        }
      }),
    );
    const { rows } = await racing.studio.database.db.execute<{ answers: number; count: number }>(
      sql`select answers, count(*)::int as count from queries group by answers`,
    );
    expect(rows).toEqual([{ answers: 3, count: prompts }]);
    await racing.close();
  });

  it('are free for others when a lease is over, and a late answer is still taken', async () => {
    const [slow, quick] = [await test.rater('slow'), await test.rater('quick')];
    const { queries } = await lease(slow, 4);
    await test.studio.database.db.execute(
      sql`update leases set expires_at = now() - interval '1 second' where rater = 'slow'`,
    );
    const { queries: others } = await lease(quick, 10);
    expect(others.map(({ id }) => id)).toEqual(expect.arrayContaining(queries.map(({ id }) => id)));
    expect(await (await submit(answerTo(queries[0]!), slow)).json()).toEqual({ state: 'accepted' });
  });

  it('name pictures that say nothing, as pixels alone', async () => {
    const [query] = (await lease(test.owner)).queries;
    const { name } = query!.images[0]!;
    const response = await test.request(`/api/pictures/${name}`, { token: test.owner });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=31536000, immutable',
    });
    const png = Buffer.from(await response.arrayBuffer());
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(png.toString('latin1')).not.toMatch(/tEXt|iTXt|parameters|Model|base/);
    const record = test.studio.images.find(name)!;
    expect(name).not.toContain(record.id);
    for (const other of [record.id, '..%2fheed.toml', `${name}.png`, '%00']) {
      expect((await test.request(`/api/pictures/${other}`, { token: test.owner })).status).toBe(404);
    }
  });
});

describe('the tables', () => {
  it('are made anew from feedback.jsonl and the images', async () => {
    const dump = async () =>
      (
        await test.studio.database.db.execute(
          sql`select id, query, rater, is_human, is_skipped, labels, reason, seconds, retracted_at is null as stands
              from answers order by id`,
        )
      ).rows;
    const counts = async () =>
      (await test.studio.database.db.execute(sql`select id, answers from queries order by id`)).rows;
    const before = [await dump(), await counts()];
    expect(before[0]!.length).toBeGreaterThan(5);
    await test.close();
    expect(await rebuildStudio(project)).toEqual({ answers: before[0]!.length, queries: before[1]!.length });
    test = await openTestStudio(project);
    expect([await dump(), await counts()]).toEqual(before);
  });

  it('take in judgements that came by other ways, and images that were drawn meanwhile', async () => {
    await test.close();
    const { id: image, prompt, model } = test.studio.images.current().all()[0]!;
    const imported: FeedbackEvent = {
      id: 'imported',
      time: new Date(0).toISOString(),
      rater: 'anna',
      raterKind: 'human',
      query: 'of a sheet',
      image,
      prompt,
      model,
      label: 'bad',
    };
    const log = openFeedbackLog(project.paths.feedback);
    await log.append([imported]);
    await log.close();
    await addDrawnImages(project, { prompts: paperTrainingPrompts().slice(-2), imagesPerPrompt: 4, model: 'other' });
    test = await openTestStudio(project);
    const count = async (query: ReturnType<typeof sql>) =>
      (await test.studio.database.db.execute<{ n: number }>(query)).rows[0]!.n;
    expect(await count(sql`select count(*)::int as n from answers where rater = 'anna'`)).toBe(1);
    expect(await count(sql`select count(*)::int as n from queries`)).toBe(24);
    expect(await count(sql`select max(array_length(images, 1)) as n from queries`)).toBe(3);
  });

  it('do not get a half-made folder of a first start that was killed', async () => {
    const killed = await makeDrawnProject(join(folder, 'killed'), { prompts: 1 });
    const data = join(databaseFolder(killed), 'pglite');
    await mkdir(join(data, 'base'), { recursive: true });
    await writeFile(join(data, 'PG_VERSION'), '17\n');
    const opened = await openTestStudio(killed);
    expect((await opened.post<Lease>('/api/labelling/lease', { count: 1 }, opened.owner)).queries).toHaveLength(1);
    await opened.close();
  });

  it('belong to one studio at a time', async () => {
    await expect(openTestStudio(project)).rejects.toThrow(
      `another process (${process.pid}) has been running \`heed studio\` on this project since`,
    );
    expect(await readFile(join(project.paths.state, 'studio.lock'), 'utf8')).toContain(String(process.pid));
  });
});
