// What measures raters: practice with feedback, known answers and repeats mixed in silently, a floor on answer time.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FeedbackEvent, lastWords, openFeedbackLog, purposeOf } from '../../feedback/index.ts';
import type { Project } from '../../project/project.ts';
import { readLabels } from '../../reward/project-labels.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { loadSecret } from '../auth/secret.ts';
import { rebuildStudio } from '../storage/rebuild.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import type { Acceptance } from './answer.ts';
import { createAskingPlan } from './asking-plan.ts';

interface Asked {
  id: string;
  prompt: string;
  isPractice: boolean;
  images: { name: string }[];
}
type Labels = ('good' | 'bad')[];

let folder: string;
let project: Project;
let test: TestStudio;
/** Ids of known queries by the order of their marking. */
let known: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-measuring-'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: 40,
    overrides: [
      'label.goldShare=0.3',
      'label.repeatShare=0.3',
      'label.ratersPerQuery=5',
      // Far above what a busy machine needs for a request.
      'label.minAnswerMs=60000',
    ],
  });
  // Turns are for what the secret says: of random ones 3 in 1,000 ask for fewer than three repeats.
  test = await openTestStudio(project, { secret: '6d'.repeat(32) });
  known = await markKnown(10);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

/** The owner vouches for good, bad, good of some queries, and says why of the second image. */
async function markKnown(count: number): Promise<string[]> {
  const { rows } = await test.studio.database.db.execute<{ id: string }>(sql`select id from queries order by id`);
  const ids = rows.slice(0, count).map(({ id }) => id);
  const images = [{ label: 'good' }, { label: 'bad', why: 'There is no <b>dog</b>.' }, { label: 'good' }];
  for (const query of ids) await test.post('/api/gold', { query, images }, test.owner);
  return ids;
}
const lease = async (token: string, count = 3) =>
  (await test.post<{ queries: Asked[] }>('/api/labelling/lease', { count }, token)).queries;
const answer = (query: string, token: string, labels: Labels | null = ['good', 'bad', 'good'], more: object = {}) =>
  test.post<Acceptance & object>('/api/labelling/answers', { id: randomUUID(), query, labels, ...more }, token);
const events = async (): Promise<FeedbackEvent[]> => openFeedbackLog(project.paths.feedback).read();
const ofRater = async (rater: string) => (await events()).filter((event) => event.rater === rater);
/** Answers everything that the rater is asked; the names in order. */
const answerAll = async (token: string, labels?: Labels) => {
  const asked: Asked[] = [];
  for (;;) {
    const queries = await lease(token);
    if (queries.length === 0) return asked;
    for (const query of queries) {
      await answer(query.id, token, labels);
      asked.push(query);
    }
  }
};

describe('the practice round', () => {
  it('comes first, tells what would have been right and why, and teaches no reward', async () => {
    const rater = await test.rater('beginner');
    const labelsBefore = await readLabels(project, test.studio.images.current().all());
    const asked = await lease(rater, 5);
    expect(asked.map(({ isPractice }) => isPractice)).toEqual([true, true, true, false, false]);
    const practised = asked.slice(0, 3).map(({ id }) => id);
    expect(practised.sort()).toEqual(known.slice(0, 3).sort());
    const [first] = practised;
    const { practice } = (await answer(first!, rater, ['good', 'good', 'good'])) as Extract<
      Acceptance,
      { practice?: object }
    >;
    expect(practice).toEqual({
      images: [
        { given: 'good', expected: 'good' },
        { given: 'good', expected: 'bad', why: 'There is no <b>dog</b>.' },
        { given: 'good', expected: 'good' },
      ],
    });
    const own = await ofRater('beginner');
    expect(own.map(({ purpose }) => purpose)).toEqual(['practice', 'practice', 'practice']);
    expect(lastWords(own)).toEqual([]);
    expect(await readLabels(project, test.studio.images.current().all())).toEqual(labelsBefore);
    const standing = await test.request('/api/labelling/standing', { token: rater });
    expect(await standing.json()).toMatchObject({ answered: 0 });
  });

  it('says the same to an answer that is sent again', async () => {
    const rater = await test.rater('again');
    const [query] = await lease(rater, 1);
    const body = { id: randomUUID(), query: query!.id, labels: ['bad', 'bad', 'bad'] };
    const first = await test.post<{ practice: object }>('/api/labelling/answers', body, rater);
    const second = await test.post<{ practice: object }>('/api/labelling/answers', body, rater);
    expect(second).toMatchObject({ state: 'known', practice: first.practice });
  });

  it('is neither for the owner nor for those who have judged before', async () => {
    expect((await lease(test.owner, 5)).some(({ isPractice }) => isPractice)).toBe(false);
    const rater = await test.rater('veteran');
    const asked = await lease(rater, 4);
    for (const { id } of asked) await answer(id, rater);
    expect((await lease(rater, 8)).some(({ isPractice }) => isPractice)).toBe(false);
  });
});

describe('known answers and repeats', () => {
  it('are mixed in without a word, count for no query and teach no reward', async () => {
    const rater = await test.rater('measured');
    const asked = await answerAll(rater);
    const own = await ofRater('measured');
    const purposes = [...new Map(own.map((event) => [event.query, purposeOf(event)])).values()];
    const count = (purpose: string) => purposes.filter((each) => each === purpose).length;
    expect(count('practice')).toBe(3);
    // All but those of the practice round; 40 - 10 queries are asked for feedback.
    expect(count('gold')).toBeGreaterThan(2);
    expect(count('repeat')).toBeGreaterThan(2);
    expect(count('feedback')).toBe(30);

    const keys = new Set(asked.filter(({ isPractice }) => !isPractice).map((query) => Object.keys(query).join()));
    expect(keys).toEqual(new Set(['id,prompt,isPractice,images']));
    for (const { id } of asked) expect(id).toMatch(/^[0-9a-f]{20}$/);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(asked.length);

    const judged = new Set(lastWords(own).map(({ image }) => image));
    expect(judged.size).toBe(90);
    const goldImages = own.filter(({ purpose }) => purpose === 'gold').map(({ image }) => image);
    expect(goldImages.some((image) => judged.has(image))).toBe(false);
    const labels = await readLabels(project, test.studio.images.current().all());
    expect(labels.some(({ image }) => goldImages.includes(image.id))).toBe(false);
    // Each person's word on an image counts once, however often they were asked.
    const repeated = own.find(({ purpose }) => purpose === 'repeat')!;
    const people = new Set(
      lastWords(await events())
        .filter(({ image }) => image === repeated.image)
        .map((e) => e.rater),
    );
    expect(labels.find(({ image }) => image.id === repeated.image)!.judgements).toBe(people.size);
  });

  it('come by chance, not by a pattern, and not before five others', async () => {
    const own = (await ofRater('measured')).filter((event, i, all) => event.query !== all[i - 1]?.query);
    const purposes = own.map(purposeOf);
    const measuring = purposes.flatMap((purpose, i) => (purpose === 'gold' || purpose === 'repeat' ? [i] : []));
    const gaps = new Set(measuring.slice(1).map((place, i) => place - measuring[i]!));
    expect(gaps.size).toBeGreaterThan(1);
    own.forEach(({ purpose, repeatOf }, place) => {
      if (purpose !== 'repeat') return;
      const original = own.findIndex(({ query }) => query === repeatOf);
      expect(original).toBeGreaterThan(-1);
      expect(place - original).toBeGreaterThan(5);
    });
  });

  it('leave the first answer standing, and can be taken back like any other', async () => {
    const rater = await test.rater('measured');
    const { rows } = await test.studio.database.db.execute<{ id: string; query: string; repeat_of: string }>(
      sql`select id, query, repeat_of from answers where rater = 'measured' and purpose = 'repeat' limit 1`,
    );
    const { id, query, repeat_of: original } = rows[0]!;
    const before = lastWords(await ofRater('measured'));
    // Without a lease the name still leads to the query.
    expect(await answer(query, rater)).toMatchObject({ state: 'known' });
    await test.post(`/api/labelling/answers/${id}/retract`, {}, rater);
    expect(lastWords(await ofRater('measured'))).toEqual(before);
    expect((await lease(rater, 10)).map((asked) => asked.id)).toContain(query);
    expect(await answer(query, rater, ['bad', 'bad', 'bad'])).toMatchObject({ state: 'accepted' });
    expect(lastWords(await ofRater('measured'))).toEqual(before);
    expect((await ofRater('measured')).at(-1)).toMatchObject({ purpose: 'repeat', repeatOf: original, query });
    const ids = (await events()).map((event) => event.id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("of another rater are nobody else's", async () => {
    const [event] = (await ofRater('measured')).filter(({ purpose }) => purpose === 'repeat');
    const body = { id: randomUUID(), query: event!.query, labels: ['good', 'bad', 'good'] };
    const response = await test.request('/api/labelling/answers', {
      method: 'POST',
      body,
      token: await test.rater('curious'),
    });
    expect(response.status).toBe(404);
  });

  it('of the owner are judgements like any other', async () => {
    await answer(known[5]!, test.owner, ['good', 'bad', 'bad']);
    expect(lastWords(await ofRater('owner')).filter(({ query }) => query === known[5])).toHaveLength(3);
    expect(lastWords(await events(), { purpose: 'key' }).filter(({ query }) => query === known[5])).toHaveLength(3);
  });
});

describe('the plan', () => {
  it('keeps its shares, is the same at every start, and is another under another secret', async () => {
    const shares = { goldShare: 0.1, repeatShare: 0.05 };
    const turns = (plan: ReturnType<typeof createAskingPlan>, rater: string) =>
      Array.from({ length: 4000 }, (_, turn) => plan.purposeOf(rater, turn));
    const plan = createAskingPlan(await loadSecret(join(folder, 'one')), shares);
    const own = turns(plan, 'a');
    expect(own.filter((purpose) => purpose === 'gold').length / 4000).toBeCloseTo(0.1, 1);
    expect(own.filter((purpose) => purpose === 'repeat').length / 4000).toBeCloseTo(0.05, 1);
    expect(turns(createAskingPlan(await loadSecret(join(folder, 'one')), shares), 'a')).toEqual(own);
    expect(turns(plan, 'b')).not.toEqual(own);
    expect(turns(createAskingPlan(await loadSecret(join(folder, 'two')), shares), 'a')).not.toEqual(own);
    const picks = Array.from({ length: 500 }, (_, turn) => plan.pick('a', turn, 3));
    expect(new Set(picks)).toEqual(new Set([0, 1, 2]));
  });
});

describe('an answer that comes too fast', () => {
  const age = (rater: string, ms: number) =>
    test.studio.database.db.execute(sql`
      update leases set handed_at = now() - ${`${ms} milliseconds`}::interval where rater = ${rater}`);

  it("is kept and marked, by the server's clock, or by the page's own where that is shorter", async () => {
    const rater = await test.rater('hasty');
    const [a, b, c, d] = await lease(rater, 4);
    expect(await answer(a!.id, rater, ['good', 'bad', 'good'], { seconds: 90 })).toMatchObject({ tooFast: true });
    await age('hasty', 120_000);
    const patient = await answer(b!.id, rater, ['good', 'bad', 'good'], { seconds: 90 });
    expect(patient).not.toHaveProperty('tooFast');
    expect(await answer(c!.id, rater, ['good', 'bad', 'good'], { seconds: 0.1 })).toMatchObject({ tooFast: true });
    await test.post('/api/labelling/shown', { query: d!.id }, rater);
    expect(await answer(d!.id, rater, ['good', 'bad', 'good'], { seconds: 90 })).toMatchObject({ tooFast: true });
    const own = await ofRater('hasty');
    expect(own.filter(({ tooFast }) => tooFast).map(({ query }) => query)).toEqual(
      [a, c, d].flatMap((query) => Array(3).fill(query!.id)),
    );
  });

  it('may be a skip', async () => {
    const rater = await test.rater('unsure');
    const [query] = await lease(rater, 1);
    expect(await answer(query!.id, rater, null, { seconds: 0.1 })).not.toHaveProperty('tooFast');
  });

  it('cannot be made slower by saying again that it is shown', async () => {
    const rater = await test.rater('sly');
    const [query] = await lease(rater, 1);
    await age('sly', 400);
    await test.post('/api/labelling/shown', { query: query!.id }, rater);
    const shown = sql`select shown_at::text as at from leases where rater = 'sly' and query = ${query!.id}`;
    const { rows: first } = await test.studio.database.db.execute(shown);
    await test.post('/api/labelling/shown', { query: query!.id }, rater);
    expect((await test.studio.database.db.execute(shown)).rows).toEqual(first);
  });
});

describe('the owner', () => {
  it('sees what is known, and can stop vouching for it', async () => {
    const read = async () =>
      (await (await test.request('/api/gold', { token: test.owner })).json()) as {
        queries: { id: string; isPractice: boolean; isSimulated: boolean; images: { name: string; why?: string }[] }[];
      };
    const { queries } = await read();
    expect(queries.map(({ id }) => id).sort()).toEqual([...known].sort());
    expect(queries.map(({ isPractice }) => isPractice)).toEqual([...Array(3).fill(true), ...Array(7).fill(false)]);
    expect(queries[0]!.images[1]).toMatchObject({ label: 'bad', why: 'There is no <b>dog</b>.' });
    const path = `/api/gold/${known.at(-1)}/remove`;
    for (let time = 0; time < 2; time++) expect(await test.post(path, {}, test.owner)).toEqual({ state: 'retracted' });
    expect((await read()).queries).toHaveLength(9);
    const rater = await test.rater('late');
    for (const { id } of (await lease(rater, 10)).slice(0, 3)) await answer(id, rater);
    expect((await answerAll(rater)).map(({ id }) => id)).toContain(known.at(-1));
  });

  it('is told what is wrong with a known answer', async () => {
    const mark = (body: object) => test.request('/api/gold', { method: 'POST', token: test.owner, body });
    const images = [{ label: 'good' }, { label: 'bad' }, { label: 'good' }];
    for (const [body, status] of [
      [{ query: known[0], images: images.slice(1) }, 409],
      [{ query: 'none', images }, 404],
      [{ query: known[0], images: images.map(() => ({ label: 'skip' })) }, 400],
      [{ query: known[0], images: images.map((image) => ({ ...image, why: 'x'.repeat(301) })) }, 400],
      [{ query: known[0], images, rater: 'a' }, 400],
    ] as const) {
      expect([body, (await mark(body)).status]).toEqual([body, status]);
    }
  });
});

it('is all in feedback.jsonl, from which the tables are made anew', async () => {
  const dump = async () =>
    Promise.all(
      [
        sql`select id, query, rater, purpose, repeat_of, too_fast, labels, retracted_at is null as stands
            from answers order by id`,
        sql`select image, label, why, rater, is_human, marked_at::text from gold order by image`,
        sql`select id, answers, gold_since::text from queries order by id`,
      ].map(async (query) => (await test.studio.database.db.execute(query)).rows),
    );
  const before = await dump();
  expect(before.every((rows) => rows.length > 20)).toBe(true);
  await test.close();
  await rebuildStudio(project);
  test = await openTestStudio(project);
  expect(await dump()).toEqual(before);
});
