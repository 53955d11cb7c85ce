/** Workers on one PostgreSQL: they take the studio's jobs, and a worker that is killed gives its job to another. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { initProject, projectPaths } from '../packages/heed/src/project/index.ts';
import type { Job } from '../packages/heed/src/studio/jobs/job.ts';
import type { WorkerStatus } from '../packages/heed/src/studio/jobs/workers.ts';
import { writeRandomModels } from '../packages/heed/src/testing/random-models.ts';
import { findPostgres, startPostgres } from '../tools/postgres.mjs';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));
const hasPostgres = findPostgres() !== undefined;
/** Enough images that a job is seen at work between two heartbeats, which are 3 s apart. */
const PROMPTS = 16;
const IMAGES_PER_PROMPT = 10;

let folder: string;
let project: string;
let server: ReturnType<typeof startPostgres>;
let studio: StudioProcess;
let cookie: string;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  if (!hasPostgres) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-worker-'));
  project = join(folder, 'p');
  const models = await writeRandomModels(folder);
  await initProject(project, {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      'threads=1',
      'sample.steps=60',
      'sample.batchSize=1',
      `generate.promptLimit=${PROMPTS}`,
      `generate.imagesPerPrompt=${IMAGES_PER_PROMPT}`,
    ],
  });
  server = startPostgres();
  studio = await startStudioProcess(project, [], { DATABASE_URL: server.url });
  cookie = await studio.login();
});
afterAll(async () => {
  if (!hasPostgres) return;
  for (const worker of workers) if (worker.exitCode === null && worker.signalCode === null) worker.kill('SIGKILL');
  await studio?.stop();
  server?.remove();
  await rm(folder, { recursive: true });
});

async function status(): Promise<{ jobs: Job[]; workers: WorkerStatus[] }> {
  const response = await fetch(`${studio.origin}/api/jobs`, { headers: { Cookie: cookie } });
  return (await response.json()) as never;
}

/** Starts `heed worker` and waits until it says that it takes jobs. */
async function startWorker(): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [HEED, 'worker', '--project', project], {
    env: { ...process.env, DATABASE_URL: server.url },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  workers.push(worker);
  let said = '';
  await new Promise<void>((resolve, reject) => {
    worker.stderr!.on('data', (text) => {
      said += text;
      if (said.includes('takes the jobs of')) resolve();
    });
    worker.once('exit', (code) => reject(new Error(`heed worker ended with ${code}: ${said}`)));
  });
  return worker;
}

const until = (wanted: (now: Awaited<ReturnType<typeof status>>) => boolean) =>
  expect.poll(async () => wanted(await status()), { timeout: 120_000, interval: 100 }).toBe(true);

describe.runIf(hasPostgres)('heed worker', () => {
  it('takes the jobs of the studio; one that is killed gives its job to another', async () => {
    const pair = [await startWorker(), await startWorker()];
    await until(({ workers: { length } }) => length === 3);
    await studio.post('jobs', { kind: 'generate' }, cookie);
    await until(
      ({ jobs: [job] }) => job!.state === 'running' && (job!.progress?.done ?? 0) > 2 && job!.worker !== undefined,
    );
    const { jobs, workers: living } = await status();
    const first = jobs[0]!.worker!;
    // The studio leaves the work to them, and says who does it.
    expect(pair.map(({ pid }) => pid)).toContain(first.pid);
    expect(living.find(({ job }) => job === jobs[0]!.id)).toMatchObject({ pid: first.pid, isStudio: false });
    process.kill(first.pid, 'SIGKILL');
    await until(
      ({ jobs: [job] }) => job!.state === 'running' && job!.worker !== undefined && job!.worker.pid !== first.pid,
    );
    await until(({ jobs: [job] }) => job!.state === 'done');
    const [done] = (await status()).jobs;
    expect(done).toMatchObject({ state: 'done', attempt: 2 });
    const records = createImageStore(projectPaths(project).images).all();
    expect(records).toHaveLength(IMAGES_PER_PROMPT * PROMPTS);
    expect(new Set(records.map(({ id }) => id)).size).toBe(IMAGES_PER_PROMPT * PROMPTS);

    // The one that is left ends when it is told to, and the studio works again itself.
    const left = pair.find(({ pid }) => pid !== first.pid)!;
    const ended = once(left, 'exit');
    left.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });

  it('says in one sentence that it needs a PostgreSQL', async () => {
    const worker = spawn(process.execPath, [HEED, 'worker', '--project', project], {
      env: { ...process.env, DATABASE_URL: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    worker.stderr!.on('data', (text) => {
      said += text;
    });
    expect((await once(worker, 'close'))[0]).toBe(2);
    expect(said).toBe(
      "heed: DATABASE_URL: expected the PostgreSQL of the project's studio, got none; workers share its jobs\n",
    );
  });
});
