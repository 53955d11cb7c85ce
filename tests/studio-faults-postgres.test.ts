// The studio on PostgreSQL under three faults: the server goes away and comes back (row 9 of the fault table), its
// clock is a day off (row 12), the disk is full (row 3). Every acknowledged answer is in feedback.jsonl. A refused
// answer is taken when it is sent again.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFeedbackLog } from '../packages/heed/src/feedback/index.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { findPostgres, startPostgres } from '../tools/postgres.mjs';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const TENTHS = Number(process.env.HEED_FAULT_TENTHS ?? 1);
const hasPostgres = findPostgres() !== undefined;
const hasLimits = process.platform === 'linux';

let folder: string;
let project: string;
let server: ReturnType<typeof startPostgres>;
let studio: StudioProcess;
let cookie: string;
/** What the studio wrote to stderr. */
let said = '';
beforeAll(async () => {
  if (!hasPostgres) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-postgres-'));
  project = join(folder, 'p');
  await makeDrawnProject(project, { prompts: 60 + 30 * TENTHS });
  server = startPostgres();
  const clock = join(folder, 'clock');
  await writeFile(clock, String(-24 * 3_600_000));
  studio = await startStudioProcess(project, [], {
    DATABASE_URL: server.url,
    HEED_TEST_CLOCK_FILE: clock,
    NODE_OPTIONS: `--import ${new URL('./shifted-clock.mjs', import.meta.url)}`,
  });
  studio.child.stderr?.on('data', (text) => {
    said += text;
  });
  cookie = await studio.login();
});
afterAll(async () => {
  if (!hasPostgres) return;
  await studio?.stop();
  server?.remove();
  await rm(folder, { recursive: true });
});

/** Sends again where an idle connection was closed under the request, as a browser does. */
async function post(path: string, body: unknown): Promise<Response> {
  const send = () =>
    fetch(`${studio.origin}/api/labelling/${path}`, {
      method: 'POST',
      headers: { Origin: studio.origin, Cookie: cookie, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  return send().catch(async (error: Error) => {
    await sleep(500);
    const { exitCode, signalCode } = studio.child;
    if (exitCode === null && signalCode === null) return send();
    throw new Error(`the studio ended with ${exitCode ?? signalCode}: ${said}`, { cause: error });
  });
}

/** The next queries that this rater has not answered in this test. */
async function lease(count: number): Promise<string[]> {
  const response = await post('lease', { count });
  expect(response.status).toBe(200);
  const { queries } = (await response.json()) as { queries: { id: string }[] };
  return queries.map(({ id }) => id);
}

/** Sends an answer until it is taken, as the page does; returns the statuses on the way. */
async function insist(answer: { id: string; query: string }): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.at(-1) !== 200) {
    const response = await post('answers', { ...answer, labels: ['good', 'bad', 'bad'] });
    statuses.push(response.status);
    if (response.status === 503) {
      expect(response.headers.get('retry-after')).not.toBeNull();
      await sleep(100);
    } else expect(response.status).toBe(200);
  }
  return statuses;
}

async function expectEachOnce(answers: readonly { id: string }[]): Promise<void> {
  const events = await openFeedbackLog(join(project, 'feedback.jsonl')).read();
  const counts = new Map<string, number>();
  for (const { answer } of events) counts.set(answer!, (counts.get(answer!) ?? 0) + 1);
  expect(answers.map(({ id }) => counts.get(id))).toEqual(answers.map(() => 3));
  const ids = events.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
}

it.runIf(hasPostgres)('outlives restarts of the server and connections that are cut, and loses no answer', async () => {
  const answers: { id: string; query: string }[] = [];
  let refused = 0;
  for (let fault = 0; fault < 5 * TENTHS; fault++) {
    const own = (await lease(6)).map((query) => ({ id: randomUUID(), query }));
    answers.push(...own);
    const sending = own.map(async (answer, i) => {
      await sleep(15 * i);
      return insist(answer);
    });
    await sleep(20 + 10 * (fault % 4));
    server.stopServer();
    await sleep(300);
    server.startServer();
    const statuses = await Promise.all(sending);
    refused += statuses.filter((list) => list.length > 1).length;
    const standing = await fetch(`${studio.origin}/api/labelling/standing`, { headers: { Cookie: cookie } });
    expect(((await standing.json()) as { answered: number }).answered).toBe(answers.length);
  }
  console.log(`${5 * TENTHS} restarts, ${answers.length} answers, ${refused} of them refused at first`);
  expect(refused).toBeGreaterThan(0);
  await expectEachOnce(answers);
});

it.runIf(hasPostgres && hasLimits)(
  'acknowledges nothing that a full disk did not take, and goes on when there is room',
  async () => {
    const log = join(project, 'feedback.jsonl');
    const [first, ...rest] = await lease(10);
    await insist({ id: randomUUID(), query: first! });
    const answers = rest.map((query) => ({ id: randomUUID(), query }));
    const limit = async (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', String(studio.child.pid), `--fsize=${bytes}:unlimited`]);
    const before = (await stat(log)).size;
    // Room for some of them: a write that does not fit fails as on a full disk, in the middle of a line.
    await limit(before + 3000);
    const taken: typeof answers = [];
    for (const answer of answers) {
      const { status } = await post('answers', { ...answer, labels: ['bad', 'good', 'bad'] });
      expect([200, 503]).toContain(status);
      if (status === 200) taken.push(answer);
    }
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThan(answers.length);
    await expectEachOnce(taken);
    expect(
      (await openFeedbackLog(log).read()).filter(({ answer }) => answers.some(({ id }) => id === answer)),
    ).toHaveLength(3 * taken.length);
    await limit('unlimited');
    for (const answer of answers) await insist(answer);
    await expectEachOnce(answers);
  },
);
