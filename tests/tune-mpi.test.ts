/**
 * `heed tune` as several processes of Open MPI: the same bits, signals, kills, and what a rank does that cannot go on.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type RandomGenerator } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RanksReport } from '../packages/heed/src/doctor/ranks.ts';
import {
  checkpoints,
  HEED,
  loggedUpdates,
  type Running,
  sentences,
  startRanks,
  startTune,
  tunedWeights,
} from './tune-ranks.ts';
import { makeTuningProject } from './tuning-project.ts';

const hasMpi = spawnSync('mpirun', ['--version']).status === 0;
const STEPS = 24;
/** Longer than any test. */
const ENDLESS = ['--set', 'tune.steps=100000', '--set', 'tune.schedule=constant'];
/** 20 with `npm run test:faults`. */
const KILLS = process.env.HEED_FAULT_TENTHS === '10' ? 20 : 3;

let folder: string;
let pristine: string;

beforeAll(async () => {
  if (!hasMpi) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-tune-mpi-'));
  const overrides = ['tune.batchSize=4', 'tune.replicas=4', 'tune.accumulation=2', 'tune.checkpointEverySteps=6'];
  await makeTuningProject(folder, { steps: STEPS, overrides });
  pristine = join(folder, 'project');
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function freshProject(name: string): Promise<string> {
  const project = join(folder, name);
  await cp(pristine, project, { recursive: true });
  return project;
}

/** The ranks' processes, without mpirun's. */
function rankProcesses(project: string): number[] {
  const { stdout } = spawnSync('pgrep', ['-f', `^${process.execPath} .*tune --project ${project}( |$)`], {
    encoding: 'utf8',
  });
  return stdout.split('\n').filter(Boolean).map(Number);
}

async function allEnded(project: string): Promise<void> {
  while (rankProcesses(project).length > 0) await sleep(50);
}

const pick = <T>(values: readonly T[], random: RandomGenerator): T => values[random.integer(values.length)]!;

describe.runIf(hasMpi)('heed tune under mpirun', () => {
  let expected: string;

  it('gives the same bits as one process, however the replicas are spread', async () => {
    const alone = await freshProject('alone');
    expect((await startTune(alone, 1).ended).status).toBe(0);
    expected = await tunedWeights(alone);
    for (const ranks of [2, 4]) {
      const project = await freshProject(`ranks-${ranks}`);
      const { status, stdout, stderr } = await startTune(project, ranks).ended;
      expect(status, stderr).toBe(0);
      const each = ranks === 4 ? '1 replica' : '2 replicas';
      const update = `${ranks} ranks on 1 host, ${each} each; an update is 8 batches of 1 samples`;
      expect(sentences(stderr)[0]).toMatch(
        new RegExp(`^heed: ${update}, and its exchange of [.\\d]+ MB takes [.\\de-]+ s$`),
      );
      expect(await tunedWeights(project)).toBe(expected);
      // Rank 0 alone prints the result and writes the log.
      expect(stdout.match(/tuned/g)?.length ?? 0).toBeLessThanOrEqual(3);
      const metrics = (await readFile(join(project, 'runs/tuned/metrics.jsonl'), 'utf8')).trim().split('\n');
      expect(metrics).toHaveLength(STEPS);
    }
  });

  it(`ends in the bits of an undisturbed run after each of ${KILLS} kills of a random rank at a random time`, async () => {
    const random = createRandom(11);
    const killedAt: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const project = await freshProject(`killed-${kill}`);
      const ranks = [2, 4][kill % 2]!;
      const running = startTune(project, ranks);
      // Some kills come before the first checkpoint. Enough updates follow the last one to be killed at.
      const wanted = random.integer(STEPS - 6);
      if (wanted === 0) await sleep(2000 * random.uniform());
      while ((await loggedUpdates(project)) < wanted || rankProcesses(project).length === 0) await sleep(5);
      killedAt.push(await loggedUpdates(project));
      process.kill(pick(rankProcesses(project), random), 'SIGKILL');
      const killed = await running.ended;
      expect(killed.status).not.toBe(0);
      // mpirun may end before the ranks that it ends, and rank 0 holds the project's lock.
      await allEnded(project);
      const { status, stderr } = await startTune(project, [4, 1, 2][kill % 3]!).ended;
      expect(status, stderr).toBe(0);
      expect(await tunedWeights(project)).toBe(expected);
      expect(await loggedUpdates(project)).toBe(STEPS);
      await rm(project, { recursive: true });
    }
    console.log(`ranks were killed after ${killedAt.join(', ')} updates of ${STEPS}`);
  });

  it('stops all ranks at one update when mpirun is told to, with a checkpoint of it', async () => {
    const project = await freshProject('stopped');
    const running = startTune(project, 2, { args: ENDLESS });
    while ((await checkpoints(project)).length === 0) await sleep(100);
    running.child.kill('SIGTERM');
    const { status } = await running.ended;
    expect(status).not.toBe(0);
    const latest = (await checkpoints(project)).sort().at(-1);
    expect(latest).toBeDefined();
    await allEnded(project);
    const again = startTune(project, 2, { args: ENDLESS });
    let said = '';
    again.child.stderr!.on('data', (text) => (said += text));
    while (!said.includes('goes on from the checkpoint')) await sleep(50);
    again.child.kill('SIGTERM');
    await again.ended;
  });

  /** `heed ARGS` as two ranks whose base models lie in folders named 0 and 1. */
  function startWithModels(models: string, args: readonly string[]): Running {
    const asRank = `exec "$@" --set model.path=${models}/$OMPI_COMM_WORLD_RANK`;
    return startRanks([process.execPath, HEED, ...args], 2, { asRank });
  }

  it('says that the weights of a rank are others, and so does heed doctor', async () => {
    const models = join(folder, 'models');
    for (const rank of ['0', '1']) await cp(join(folder, 'model'), join(models, rank), { recursive: true });
    const same = await startWithModels(models, ['doctor', '--json', '--project', pristine]).ended;
    expect({ status: same.status, stderr: same.stderr }).toMatchObject({ status: 0 });
    const { checks, ranks } = JSON.parse(same.stdout) as {
      checks: { name: string; state: string }[];
      ranks: RanksReport;
    };
    expect(checks.filter(({ name }) => name.startsWith('ranks: ')).map(({ name }) => name.slice(7))).toEqual(
      expect.arrayContaining(['heed', 'node', 'runtime', 'weights', 'speed', 'forecast']),
    );
    expect(ranks.ranks.map(({ rank }) => rank)).toEqual([0, 1]);
    expect(ranks.exchange.seconds).toBeGreaterThan(0);
    expect(ranks.forecast!.speedUp).toBeGreaterThan(0);
    expect(ranks.forecast!.speedUp).toBeLessThan(2);

    const weights = join(models, '1/unet/diffusion_pytorch_model.safetensors');
    const bytes = await readFile(weights);
    bytes[bytes.length - 1] = bytes[bytes.length - 1]! ^ 1;
    await writeFile(weights, bytes);
    const doctor = await startWithModels(models, ['doctor', '--json', '--project', pristine]).ended;
    expect(doctor.status).not.toBe(0);
    expect(doctor.stdout).toContain("expected the same weights of the project's model on all ranks");
    const project = await freshProject('other-weights');
    const tune = await startWithModels(models, ['tune', '--project', project]).ended;
    expect(tune.status).not.toBe(0);
    expect(sentences(tune.stderr).filter((line) => line.includes('rank 1'))).toEqual([
      expect.stringMatching(
        /^heed: rank 1 on \S+: expected the base model of rank 0 \([0-9a-f]{16}\), got [0-9a-f]{16}; /,
      ),
    ]);
    await rm(join(models, '1'), { recursive: true });
    const without = await startWithModels(models, ['tune', '--project', project]).ended;
    expect(without.status).toBe(2);
    expect(sentences(without.stderr).filter((line) => line.includes('rank 1'))).toEqual([
      expect.stringMatching(/^heed: rank 1 on \S+: .*expected a /),
    ]);
  });

  it('says in one sentence why it cannot begin, from one rank', async () => {
    const project = await freshProject('refused');
    const { status, stderr } = await startTune(project, 3).ended;
    expect(status).toBe(2);
    expect(sentences(stderr)).toEqual(['heed: tune.replicas: expected a multiple of the 3 ranks, got 4']);
    const unread = await startTune(project, 2, { args: ['--set', 'tune.speed=9'] }).ended;
    expect(unread.status).toBe(2);
    expect(sentences(unread.stderr)).toEqual([expect.stringContaining('tune.speed')]);
  });
});
