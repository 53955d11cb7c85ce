/** Two hosts: tuning with the link slowed and cut, images in shards with a host cut off, a worker's job taken over. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { initProject, openProject, projectPaths } from '../packages/heed/src/project/index.ts';
import { openJobQueue } from '../packages/heed/src/studio/jobs/queue.ts';
import { databaseFolder, openDatabase } from '../packages/heed/src/studio/storage/database.ts';
import { writeRandomModels } from '../packages/heed/src/testing/random-models.ts';
import { startPostgres } from '../tools/postgres.mjs';
import { makeTwoHosts, type TwoHosts } from '../tools/two-hosts.ts';
import { makeTuningProject } from './tuning-project.ts';

let folder: string;
let hosts: TwoHosts;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-two-hosts-'));
  hosts = await makeTwoHosts(folder);
});
afterAll(async () => {
  hosts?.close();
  await rm(folder, { recursive: true, force: true });
});

describe('tuning', () => {
  const STEPS = 20;
  let expected: string;
  beforeAll(async () => {
    await makeTuningProject(folder, {
      steps: STEPS,
      overrides: ['tune.replicas=2', 'tune.checkpointEverySteps=5'],
    });
    const project = await freshProject('alone');
    expect(await hosts.start(hosts.names[0], ['tune', '--project', project]).ended).toMatchObject({ status: 0 });
    expected = await tunedWeights(project);
  });

  async function freshProject(name: string): Promise<string> {
    const project = join(folder, `tune-${name}`);
    await cp(join(folder, 'project'), project, { recursive: true });
    return project;
  }
  async function tunedWeights(project: string): Promise<string> {
    const weights = await readFile(join(project, 'models/tuned/unet/diffusion_pytorch_model.safetensors'));
    return createHash('sha256').update(weights).digest('hex');
  }

  it('gives the bits of one process over a link of 1 Gbit/s and 10 ms', async () => {
    // Containers may lack tun devices, which a delay needs.
    const delayMs = existsSync('/dev/net/tun') ? 10 : 0;
    await hosts.shape({ gbit: 1, delayMs });
    const project = await freshProject('slow');
    const { status, stderr } = await hosts.startRanks(['tune', '--project', project]).ended;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toContain('2 ranks on 2 hosts, 1 replica each');
    expect(await tunedWeights(project)).toBe(expected);
  });

  it('ends within 30 s of a cut with one sentence, and goes on from its checkpoint', async () => {
    await hosts.shape();
    const project = await freshProject('cut');
    const running = hosts.startRanks(['tune', '--project', project]);
    const checkpoints = join(project, 'runs/tuned/checkpoints');
    while ((await readdir(checkpoints).catch(() => [])).length === 0) await sleep(20);
    hosts.setLink('down');
    const cutAt = performance.now();
    const { status, stderr } = await running.ended;
    expect(performance.now() - cutAt).toBeLessThan(30_000);
    hosts.setLink('up');
    expect(status).not.toBe(0);
    // mpirun's keepalive notices after 11 s, heed after 20 s of silence; the first to do so ends the run.
    expect(stderr).toMatch(/lost communication with a remote daemon|expected a sign of rank 1 at least every 20 s/);
    expect(stderr).not.toContain('    at ');
    hosts.cutOff(hosts.names[1]);
    const again = await hosts.startRanks(['tune', '--project', project]).ended;
    expect(again).toMatchObject({ status: 0 });
    expect(await tunedWeights(project)).toBe(expected);
  });
});

describe('images', () => {
  const IMAGES = 1000;
  let project: string;
  beforeAll(async () => {
    const models = await writeRandomModels(await mkdtemp(join(folder, 'models-')));
    project = join(folder, 'images');
    await initProject(project, {
      overrides: [
        `model.path=${models.model}`,
        `model.clip=${models.clip}`,
        'threads=1',
        'sample.steps=1',
        'sample.batchSize=4',
        'generate.promptLimit=50',
        'generate.imagesPerPrompt=20',
      ],
    });
  });
  const generate = (host: string, ...args: readonly string[]) =>
    hosts.start(host, ['generate', '--project', project, ...args]);

  it('in shards are there once each, with one host cut off in the middle', async () => {
    const [a, b] = hosts.names;
    const first = generate(a, '--shard', '1/2');
    const second = generate(b, '--shard', '2/2');
    const lists = join(project, 'images/shards');
    const drawn = async () => {
      const names = (await readdir(lists, { recursive: true }).catch(() => [])).filter((name) =>
        name.includes('2-of-2'),
      );
      const texts = await Promise.all(
        names.filter((name) => name.endsWith('.jsonl')).map((name) => readFile(join(lists, name), 'utf8')),
      );
      return texts.join('').split('\n').length;
    };
    while ((await drawn()) < 60) await sleep(20);
    hosts.cutOff(b);
    expect((await second.ended).status).not.toBe(0);
    expect((await first.ended).status).toBe(0);
    const merged = await generate(a, '--merge').ended;
    expect(merged.status).toBe(1);
    expect(merged.stdout).toMatch(new RegExp(`shard 2/2 of set 'train' has drawn \\d+ of its 500 images on host ${b}`));
    const again = await generate(a, '--shard', '2/2').ended;
    expect(again).toMatchObject({ status: 0 });
    expect(await generate(a, '--merge').ended).toMatchObject({ status: 0 });
    const records = createImageStore(projectPaths(project).images).all();
    expect(records).toHaveLength(IMAGES);
    expect(new Set(records.map(({ prompt, seed }) => `${prompt} ${seed}`)).size).toBe(IMAGES);
    expect(new Set(records.map(({ id }) => id)).size).toBe(IMAGES);
  });

  it("of a worker's job are drawn on by the other host's worker when its lease is over", async () => {
    const server = startPostgres();
    try {
      const opened = await openProject(project);
      const database = await openDatabase(databaseFolder(opened), { url: server.url });
      const queue = await openJobQueue(database, { leaseSeconds: 20 });
      const workers = hosts.names.map((host) =>
        hosts.start(host, ['worker', '--project', project, '--set', 'studio.jobLeaseSeconds=20'], {
          DATABASE_URL: server.url,
        }),
      );
      for (const worker of workers) while (!worker.said().includes('takes the jobs of')) await sleep(50);
      const settings = ['sample.steps=10', 'generate.promptLimit=20', 'generate.imagesPerPrompt=10'];
      const id = await queue.send({ kind: 'generate', settings });
      let victim = -1;
      while (victim === -1) {
        victim = workers.findIndex((worker) => worker.said().includes('heed generate begins, attempt 1'));
        await sleep(50);
      }
      const index = join(project, 'images/index.jsonl');
      const before = (await readFile(index, 'utf8')).length;
      while ((await readFile(index, 'utf8')).length === before) await sleep(20);
      hosts.cutOff(hosts.names[victim]!);
      await expect.poll(async () => (await queue.get(id))!.state, { timeout: 200_000, interval: 200 }).toBe('done');
      expect((await queue.get(id))!.attempt).toBe(2);
      expect(workers[1 - victim]!.said()).toContain('heed generate begins, attempt 2');
      expect(createImageStore(projectPaths(project).images).all()).toHaveLength(IMAGES + 200);
      hosts.cutOff(hosts.names[1 - victim]!);
      await queue.close();
      await database.close();
    } finally {
      server.remove();
    }
  });
});
