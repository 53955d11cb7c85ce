// The studio as a process under faults (rows of the fault table): ended again and again while people label, by SIGKILL
// (row 5) and by SIGTERM (row 4); ended in its very first start (row 8); started twice (row 6); its clock set (row 12).
// No acknowledged label is lost, and none counts twice.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FeedbackEvent, openFeedbackLog } from '../packages/heed/src/feedback/index.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const TENTHS = Number(process.env.HEED_FAULT_TENTHS ?? 1);
const KILLS = 10 * TENTHS;
/** Row 4's other 40 of 50: 30 are of tuning, and the starts of rows 8 and 12 end in one each. */
const STOPS = TENTHS - 1;
const ENDS = [...Array(KILLS).fill('SIGKILL'), ...Array(STOPS).fill('SIGTERM')] as ('SIGKILL' | 'SIGTERM')[];
const QUERIES_PER_START = 6;
const LONGEST_STOP_MS = 30_000;

interface Lease {
  readonly queries: readonly { readonly id: string }[];
}

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-kill-'));
  project = join(folder, 'p');
  await makeDrawnProject(project, { prompts: QUERIES_PER_START * (ENDS.length + 1) });
});
afterAll(() => rm(folder, { recursive: true }));

const eventsOf = (root: string) => openFeedbackLog(join(root, 'feedback.jsonl')).read();

async function answeredBy({ origin }: StudioProcess, cookie: string): Promise<number> {
  const response = await fetch(`${origin}/api/labelling/standing`, { headers: { Cookie: cookie } });
  return ((await response.json()) as { answered: number }).answered;
}

function expectEachOnce(events: readonly FeedbackEvent[], answers: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const { answer } of events) counts.set(answer!, (counts.get(answer!) ?? 0) + 1);
  expect(answers.map((id) => counts.get(id))).toEqual(answers.map(() => 3));
  const pairs = events.map(({ query, image, rater }) => `${query} ${image} ${rater}`);
  expect(new Set(pairs).size).toBe(pairs.length);
}

/**
 * Submits answers and sends the signal once some are acknowledged; how the process ended, and the ids that were
 * acknowledged, before the signal or after.
 */
async function endAmidAnswers(
  studio: StudioProcess,
  options: { cookie: string; signal: 'SIGKILL' | 'SIGTERM'; queries: Lease['queries']; endAfter: number },
): Promise<{ end: unknown[]; acknowledged: string[]; stopMs: number }> {
  const { cookie, signal, queries, endAfter } = options;
  const acknowledged: string[] = [];
  const dead = once(studio.child, 'exit');
  let sentMs = 0;
  const end = () => {
    sentMs = performance.now();
    studio.child.kill(signal);
  };
  await Promise.allSettled(
    queries.map(async ({ id: query }, i) => {
      const id = randomUUID();
      await sleep(5 * i);
      await studio.post('labelling/answers', { id, query, labels: ['good', 'bad', 'bad'] }, cookie);
      if (acknowledged.push(id) === endAfter) end();
    }),
  );
  if (!studio.child.killed) end();
  return { end: await dead, acknowledged, stopMs: performance.now() - sentMs };
}

const STOPPED = [0, null];

async function stopAmidAnswers(studio: StudioProcess, cookie: string): Promise<string[]> {
  const { queries } = await studio.post<Lease>('labelling/lease', { count: QUERIES_PER_START }, cookie);
  const stopped = await endAmidAnswers(studio, { cookie, signal: 'SIGTERM', queries, endAfter: 1 });
  expect(stopped.end).toEqual(STOPPED);
  expect(stopped.stopMs).toBeLessThan(LONGEST_STOP_MS);
  return stopped.acknowledged;
}

const minutes = (count: number) => 60_000 * count;

it(`keeps every acknowledged answer over ${KILLS} SIGKILL and ${STOPS} SIGTERM, once`, {
  timeout: minutes(ENDS.length + 5),
}, async () => {
  const acknowledged: string[] = [];
  for (let start = 0; start <= ENDS.length; start++) {
    const signal = ENDS[start];
    const studio = await startStudioProcess(project);
    const cookie = await studio.login();
    const answered = await answeredBy(studio, cookie);
    // What was written but not acknowledged may be there as well: at most what was under way.
    expect(answered).toBeGreaterThanOrEqual(acknowledged.length);
    expect(answered).toBeLessThanOrEqual(QUERIES_PER_START * start);
    if (signal === undefined) {
      expect(await studio.stop()).toBe(0);
      break;
    }
    const { queries } = await studio.post<Lease>('labelling/lease', { count: QUERIES_PER_START }, cookie);
    const endAfter = 1 + (start % (QUERIES_PER_START - 1));
    const ended = await endAmidAnswers(studio, { cookie, signal, queries, endAfter });
    expect(ended.end).toEqual(signal === 'SIGTERM' ? STOPPED : [null, 'SIGKILL']);
    if (signal === 'SIGTERM') expect(ended.stopMs).toBeLessThan(LONGEST_STOP_MS);
    acknowledged.push(...ended.acknowledged);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(ENDS.length);
  expectEachOnce(await eventsOf(project), acknowledged);
  expect(existsSync(join(project, '.heed/studio.lock'))).toBe(false);
});

/** Kills a first start some milliseconds after it began to make its tables. */
async function killFirstStart(root: string, delayMs: number): Promise<void> {
  const tables = join(root, '.heed/studio/pglite');
  let isOver = false;
  const starting = startStudioProcess(
    root,
    [],
    {},
    {
      onSpawn: async (child) => {
        child.once('exit', () => {
          isOver = true;
        });
        while (!isOver && !existsSync(tables)) await sleep(2);
        await sleep(delayMs);
        child.kill('SIGKILL');
      },
    },
  );
  const studio = await starting.catch((error: Error) => {
    expect(error.message).toContain('heed studio ended with null');
  });
  if (studio && !isOver) await once(studio.child, 'exit');
}

it(`starts on what ${2 * TENTHS} killed first starts left behind`, { timeout: minutes(10 + 2 * TENTHS) }, async () => {
  const fresh = join(folder, 'fresh');
  await makeDrawnProject(fresh, { prompts: QUERIES_PER_START * TENTHS });
  const random = createRandom(8);
  const answers: string[] = [];
  for (let pair = 0; pair < TENTHS; pair++) {
    // The second on the leftovers of the first.
    for (let kill = 0; kill < 2; kill++) await killFirstStart(fresh, random.integer(1500));
    const studio = await startStudioProcess(fresh);
    const cookie = await studio.login();
    // The log knows what the tables that were thrown away knew.
    expect(await answeredBy(studio, cookie)).toBe((await eventsOf(fresh)).length / 3);
    answers.push(...(await stopAmidAnswers(studio, cookie)));
    expectEachOnce(await eventsOf(fresh), answers);
    await rm(join(fresh, '.heed'), { recursive: true });
  }
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Half a second before the clocks of Berlin go forward and back. */
const SUMMER_TIME = Date.parse('2026-03-29T00:59:59.500Z');
const WINTER_TIME = Date.parse('2026-10-25T00:59:59.500Z');
/** Where the clock is set while a query is being looked at, as an offset from the true time. */
const CLOCK_SETTINGS: readonly (() => number)[] = [
  () => HOUR_MS,
  () => 0,
  () => -HOUR_MS,
  () => DAY_MS,
  () => -DAY_MS,
  () => SUMMER_TIME - Date.now(),
  () => WINTER_TIME - Date.now(),
  () => SUMMER_TIME - Date.now(),
  () => -400 * DAY_MS,
  () => 0,
];

it('is the only one on its project, and counts on when its clock is set', { timeout: minutes(10) }, async () => {
  const set = join(folder, 'set');
  await makeDrawnProject(set, { prompts: CLOCK_SETTINGS.length + QUERIES_PER_START });
  const clock = join(folder, 'clock');
  writeFileSync(clock, String(-DAY_MS));
  const first = await startStudioProcess(set, [], {
    TZ: 'Europe/Berlin',
    HEED_TEST_CLOCK_FILE: clock,
    NODE_OPTIONS: `--import ${new URL('./shifted-clock.mjs', import.meta.url)}`,
  });
  const lock = JSON.parse(await readFile(join(set, '.heed/studio.lock'), 'utf8')) as { pid: number; since: string };
  expect(lock.pid).toBe(first.child.pid);
  expect(Math.abs(Date.parse(lock.since) + DAY_MS - Date.now())).toBeLessThan(HOUR_MS);
  for (let second = 0; second < 2 * TENTHS; second++) {
    await expect(startStudioProcess(set)).rejects.toThrow(
      `another process (${first.child.pid}) has been running \`heed studio\` on this project since`,
    );
  }

  const cookie = await first.login();
  const answers: string[] = [];
  for (const [i, setting] of CLOCK_SETTINGS.entries()) {
    const { queries } = await first.post<Lease>('labelling/lease', { count: 1 }, cookie);
    const query = queries[0]!.id;
    await first.post('labelling/shown', { query }, cookie);
    writeFileSync(clock, String(setting()));
    first.child.kill('SIGUSR2');
    await expect.poll(() => readFileSync(`${clock}.set`, 'utf8')).toBe(readFileSync(clock, 'utf8'));
    // Longer than `label.minAnswerMs`, and over the change of summer time.
    await sleep(600);
    const answer = { id: randomUUID(), query, labels: ['good', 'bad', 'bad'] };
    expect([i, await first.post('labelling/answers', answer, cookie)]).toEqual([i, { state: 'accepted' }]);
    answers.push(answer.id);
    expect(await answeredBy(first, cookie)).toBe(answers.length);
    // A second lease of the same moment asks something new.
    const next = await first.post<Lease>('labelling/lease', { count: 1 }, cookie);
    expect(next.queries[0]!.id).not.toBe(query);
  }
  answers.push(...(await stopAmidAnswers(first, cookie)));
  expectEachOnce(await eventsOf(set), answers);
});
