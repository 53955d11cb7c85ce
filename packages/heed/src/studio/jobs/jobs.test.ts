// Jobs on the studio's database: claimed once, begun again when a worker is lost, never ended by a worker that lost its
// claim.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants, getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFECT_ANSWER, REPORT_REQUEST } from '../../errors.ts';
import { initProject, openProject, type Project } from '../../project/index.ts';
import { databaseFolder, type OpenDatabase, openDatabase } from '../storage/database.ts';
import { hasEnded, type Job } from './job.ts';
import { type Jobs, openJobs } from './jobs.ts';
import { type JobQueue, openJobQueue } from './queue.ts';

/** A tenth of the fault table's counts; all of them with `npm run test:faults`. */
const TENTHS = Number(process.env.HEED_FAULT_TENTHS ?? 1);

let folder: string;
let project: Project;
let database: OpenDatabase;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-jobs-'));
  await initProject(join(folder, 'p'));
  project = await openProject(join(folder, 'p'));
  database = await openDatabase(databaseFolder(project));
});
afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

/** Long enough that a beat is not late on a busy machine. */
const LEASE_SECONDS = 4;
const nothing = { notes: [] };

describe('the queue', () => {
  let queue: JobQueue;
  beforeAll(async () => {
    queue = await openJobQueue(database, { leaseSeconds: LEASE_SECONDS, retries: 2, retryDelaySeconds: 0 });
  });
  afterAll(() => queue.close());
  const drain = async () => {
    for (const job of await queue.list()) await queue.cancel(job.id);
  };

  it('gives a job to one worker alone, however many ask', async () => {
    await queue.send({ kind: 'reward', settings: ['reward.epochs=1'] });
    const claims = await Promise.all(Array.from({ length: 20 }, () => queue.claim()));
    const got = claims.filter((claim) => claim !== undefined);
    expect(got).toMatchObject([{ kind: 'reward', settings: ['reward.epochs=1'], attempt: 1 }]);
    const progress = { label: 'train', done: 1, total: 2 };
    expect(await queue.beat(got[0]!, { ...nothing, progress })).toBe(true);
    expect((await queue.list())[0]).toMatchObject({ state: 'running', attempt: 1, progress });
    expect(await queue.complete(got[0]!, { notes: ['saved'] })).toBe(true);
    expect((await queue.list())[0]).toMatchObject({ state: 'done', notes: ['saved'] });
  });

  // Row 11 of the fault table: 50 with `npm run test:faults`.
  it('takes a job back when its lease is over, and lets the late worker write nothing', async () => {
    const sent: string[] = [];
    for (let i = 0; i < 5 * TENTHS; i++) sent.push(await queue.send({ kind: 'tune', settings: [] }));
    const late = [];
    for (let claim = await queue.claim(); claim; claim = await queue.claim()) late.push(claim);
    expect(late.map(({ id }) => id).sort()).toEqual([...sent].sort());
    await sleep(1000 * LEASE_SECONDS + 200);
    await queue.maintain();
    const again = [];
    for (let claim = await queue.claim(); claim; claim = await queue.claim()) again.push(claim);
    expect(again.map(({ id, attempt }) => `${id} ${attempt}`).sort()).toEqual(sent.map((id) => `${id} 2`).sort());
    const before = await queue.list();
    for (const claim of late) {
      for (const write of [queue.beat, queue.complete, queue.lose, queue.release]) {
        expect(await write(claim, { notes: ['late'] })).toBe(false);
      }
      expect(await queue.end(claim, 'failed', { notes: ['late'] })).toBe(false);
    }
    expect(await queue.list()).toEqual(before);
    for (const claim of again) expect(await queue.complete(claim, nothing)).toBe(true);
  });

  it('keeps a claim whose worker beats, over many leases', async () => {
    await queue.send({ kind: 'generate', settings: [] });
    const claim = (await queue.claim())!;
    for (let i = 0; i < 6; i++) {
      await sleep(250 * LEASE_SECONDS);
      expect(await queue.beat(claim, nothing)).toBe(true);
      await queue.maintain();
      expect(await queue.claim()).toBeUndefined();
    }
    // The start of the attempt, not the last beat.
    const startedAt = '2026-01-01T00:00:00.000Z';
    expect(await queue.complete(claim, { ...nothing, startedAt })).toBe(true);
    expect(await queue.get(claim.id)).toMatchObject({ state: 'done', startedAt });
  });

  it('gives up after too many lost attempts, and keeps the dead', async () => {
    const dead = await queue.deadCount();
    const id = await queue.send({ kind: 'tune', settings: [] });
    for (const attempt of [1, 2, 3]) {
      const claim = (await queue.claim())!;
      expect(claim).toMatchObject({ id, attempt });
      expect(await queue.lose(claim, { ...nothing, error: `lost ${attempt}` })).toBe(true);
    }
    expect(await queue.claim()).toBeUndefined();
    expect(await queue.get(id)).toMatchObject({ state: 'failed', attempt: 3, error: 'lost 3' });
    expect(await queue.deadCount()).toBe(dead + 1);
  });

  it('gives a job back without counting the attempt, and cancels one that waits', async () => {
    const id = await queue.send({ kind: 'tune', settings: [] });
    expect(await queue.release((await queue.claim())!, { notes: ['step 10'] })).toBe(true);
    expect(await queue.get(id)).toMatchObject({ state: 'waiting', notes: ['step 10'] });
    expect(await queue.claim()).toMatchObject({ id, attempt: 1 });
    expect(await queue.cancel(id)).toBe(true);
    expect(await queue.cancel(id)).toBe(false);
    expect(await queue.get(id)).toMatchObject({ state: 'stopped' });
    await drain();
  });

  it('knows nothing of ids that are none', async () => {
    expect(await queue.get("1' or true --")).toBeUndefined();
    expect(await queue.get('00000000-0000-0000-0000-000000000000')).toBeUndefined();
  });
});

/** Speaks like a command of heed: counts, stops at SIGTERM with 130 and keeps where it was. */
const PROGRAM = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
const file = process.argv[process.argv.indexOf('--project') + 1] + '/counted';
let count = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
const total = Number(process.argv.find((text) => text.startsWith('total='))?.slice(6) ?? 1e9);
process.on('SIGTERM', () => { writeFileSync(file, String(count)); process.exit(130); });
process.stderr.on('error', () => process.exit(1));
const say = (value) => process.stderr.write(JSON.stringify(value) + '\\n');
const name = process.argv.indexOf('--name');
if (name > 0) say({ note: 'as ' + process.argv[name + 1] });
say({ note: 'from ' + count });
if (process.argv.includes('tell=priority')) say({ note: 'priority ' + getPriority() });
if (process.argv.includes('tell=defect')) {
  say({ error: 'cannot read root:x:0', exitCode: 1, defect: true, stack: 'TypeError: ...\\n    at there' });
  process.exit(1);
}
setInterval(() => {
  say({ progress: 'count', done: ++count, total });
  if (count === 13) { say({ error: 'thirteen' }); process.exit(1); }
  if (count >= total) process.exit(0);
}, 5);
`;

describe('the worker', () => {
  let program: string;
  let jobs: Jobs;
  const told: unknown[] = [];
  const open = async () => {
    jobs = await openJobs(project, {
      database,
      onError: (error) => told.push(error),
      program,
      heartbeatMs: 100,
      idleMs: 50,
      leaseSeconds: 20,
      retries: 2,
      retryDelaySeconds: 0,
    });
  };
  beforeAll(async () => {
    program = join(folder, 'program.mjs');
    await writeFile(program, PROGRAM);
    await open();
  });
  afterAll(() => jobs.close());
  const until = async (id: string, wanted: (job: Job) => boolean) => {
    await expect.poll(async () => wanted((await jobs.get(id))!), { timeout: 120_000, interval: 20 }).toBe(true);
    return (await jobs.get(id))!;
  };

  it('runs one command at a time and tells how it goes', async () => {
    const [first, second] = await Promise.all([jobs.start('reward', { settings: ['total=10'] }), jobs.start('tune')]);
    expect(second).toBeUndefined();
    const seen: Job[] = [];
    const unwatch = jobs.watch(first!.id, (job) => seen.push(job));
    const end = await until(first!.id, hasEnded);
    // The table knows a moment before those who watch.
    await expect.poll(() => seen.at(-1)?.state).toBe('done');
    unwatch();
    expect(end).toMatchObject({ state: 'done', attempt: 1, progress: { done: 10, total: 10 }, notes: ['from 0'] });
    expect(seen.at(-1)).toEqual(end);
    const started = seen.filter(({ state }) => state !== 'waiting').map(({ startedAt }) => startedAt);
    expect(new Set(started)).toEqual(new Set([end.startedAt]));
    expect((await jobs.all())[0]).toEqual(end);
  });

  it('lets people who label go before it', async () => {
    const { id } = (await jobs.start('tune', { settings: ['total=5', 'tell=priority'] }))!;
    const { notes } = await until(id, hasEnded);
    const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
    expect(notes).toContain(`priority ${Math.min(getPriority() + PRIORITY_BELOW_NORMAL, PRIORITY_LOW)}`);
  });

  it('gives a run its name', async () => {
    const { id, name } = (await jobs.start('tune', { settings: ['total=5'], name: 'strong' }))!;
    expect(name).toBe('strong');
    expect(await until(id, hasEnded)).toMatchObject({ name: 'strong', notes: ['as strong', 'from 0'] });
  });

  it('says why a command failed and does not begin it again', async () => {
    const { id } = (await jobs.start('tune', { settings: ['total=20'] }))!;
    expect(await until(id, hasEnded)).toMatchObject({ state: 'failed', attempt: 1, error: 'thirteen' });
  });

  it('keeps the words and the stack of a defect from the pages, and hands them to the terminal', async () => {
    const { id } = (await jobs.start('tune', { settings: ['tell=defect'] }))!;
    expect(await until(id, hasEnded)).toMatchObject({ state: 'failed', attempt: 1, error: DEFECT_ANSWER });
    expect(String(told.at(-1))).toContain('at there');
    expect(String(told.at(-1))).toContain(REPORT_REQUEST);
  });

  // Row 10 of the fault table: 100 kills with `npm run test:faults`.
  it('begins a killed command again, and gives up in the end', async () => {
    const queue = await openJobQueue(database, { leaseSeconds: 20, retries: 2, retryDelaySeconds: 0 });
    const attempts = [1, 2, 3];
    let killed: number | undefined;
    for (let kills = 0; kills < 10 * TENTHS; kills += attempts.length) {
      await writeFile(join(project.folder, 'counted'), '100');
      const dead = await queue.deadCount();
      const { id } = (await jobs.start('tune'))!;
      for (const attempt of attempts) {
        await until(id, (job) => job.state === 'running' && job.attempt === attempt && job.progress !== undefined);
        let pid: number | undefined;
        // Until the first beat of an attempt, the record is that of the one before.
        await expect
          .poll(async () => (pid = (await queue.claimed())[0]?.record.process?.pid))
          .toSatisfy((found) => found !== undefined && found !== killed);
        killed = pid;
        process.kill(pid!, 'SIGKILL');
        await until(id, (job) => job.attempt > attempt || hasEnded(job));
      }
      expect(await jobs.get(id)).toMatchObject({
        state: 'failed',
        attempt: 3,
        error: 'the process was ended by SIGKILL',
      });
      expect(await queue.deadCount()).toBe(dead + 1);
    }
  });

  it('stops a command on request and keeps what it said', async () => {
    const { id } = (await jobs.start('tune'))!;
    await until(id, (job) => job.progress !== undefined);
    expect(await jobs.stop(id)).toBe(true);
    const end = await until(id, hasEnded);
    expect(end).toMatchObject({ state: 'stopped', notes: ['from 100'] });
    expect(end.progress!.done).toBeGreaterThan(100);
    expect(await jobs.stop(id)).toBe(false);
  });

  it('gives a job back when the studio closes and goes on with it in the next one', async () => {
    await writeFile(join(project.folder, 'counted'), '200');
    const { id } = (await jobs.start('tune'))!;
    await until(id, (job) => (job.progress?.done ?? 0) > 205);
    await jobs.close();
    await open();
    const job = await until(
      id,
      ({ notes, progress }) => notes[0] !== undefined && notes[0] !== 'from 200' && progress !== undefined,
    );
    expect(Number(/\d+/.exec(job.notes[0]!)![0])).toBeGreaterThan(205);
    expect(job.attempt).toBe(1);
    await jobs.stop(id);
    await until(id, hasEnded);
  });

  it('stops when its lease is lost, and leaves the job to whom it was given', async () => {
    const { id } = (await jobs.start('tune'))!;
    await until(id, (job) => job.state === 'running' && job.progress !== undefined);
    const { jobs: schema } = database.schemas;
    // What a pause longer than the lease comes to: another has claimed it since.
    await database.execute(`update ${schema}.job set retry_count = 2 where id = $1`, [id]);
    // This worker's process ends; what it says of its end is not written over the other's claim.
    await expect.poll(async () => (await jobs.get(id))!.attempt, { timeout: 120_000 }).toBe(3);
    expect(await jobs.get(id)).toMatchObject({ state: 'running', attempt: 3 });
    expect(await jobs.start('report')).toBeUndefined();
    await database.execute(`update ${schema}.job set state = 'completed' where id = $1`, [id]);
    const next = (await jobs.start('reward', { settings: ['total=1'] }))!;
    await until(next.id, hasEnded);
  });
});
