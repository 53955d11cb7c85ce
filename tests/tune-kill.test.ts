// Tuning that is ended again and again comes to the same bits as undisturbed tuning, and leaves no files behind. Rows
// of the fault table: SIGKILL at random steps (2), SIGTERM in a step and in a save (4), a full disk (3).

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findLatestCheckpoint } from '../packages/heed/src/checkpoint/checkpoint.ts';
import { readMetrics } from '../packages/heed/src/metrics/metrics-log.ts';
import { silentProgress } from '../packages/heed/src/progress/index.ts';
import { openProject } from '../packages/heed/src/project/index.ts';
import { runTune } from '../packages/heed/src/tune/run.ts';
import { canMountOn, checkpointSize, onSmallDisk } from './small-disk.ts';
import { makeTuningProject, startTune, type TuneProcess } from './tuning-project.ts';

const TENTHS = Number(process.env.HEED_FAULT_TENTHS ?? 1);

/** When a run is ended, once it has gone on by some steps. */
type Moment = 'step' | 'save';
interface End {
  readonly signal: 'SIGKILL' | 'SIGTERM';
  readonly moment: Moment;
  /** A second one as soon as the first was answered: it stops at once. */
  readonly twice?: true;
}
/** A tenth of the ends; row 4's other 20 of 50 are the studio's. */
const ENDS: readonly End[] = [
  { signal: 'SIGKILL', moment: 'step' },
  { signal: 'SIGTERM', moment: 'step' },
  { signal: 'SIGKILL', moment: 'step' },
  { signal: 'SIGTERM', moment: 'save' },
  { signal: 'SIGTERM', moment: 'step', twice: true },
];
const STEPS_PER_END = 10;
const CHECKPOINT_EVERY = 3;
const LONGEST_STOP_MS = 30_000;

let folder: string;
let project: string;
let untouched: string;
let crowded: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-tune-kill-'));
  project = (
    await makeTuningProject(folder, {
      steps: STEPS_PER_END * (ENDS.length * TENTHS + 1),
      overrides: [`tune.checkpointEverySteps=${CHECKPOINT_EVERY}`],
    })
  ).folder;
  untouched = join(folder, 'untouched');
  crowded = join(folder, 'crowded');
  for (const copy of [untouched, crowded]) await cp(project, copy, { recursive: true });
});
afterAll(() => rm(folder, { recursive: true }));

const runOf = (root: string) => join(root, 'runs', 'tuned');
const checkpointsOf = (root: string) => join(runOf(root), 'checkpoints');

/** Bytes of everything in a folder, by name. */
async function hashes(root: string): Promise<Record<string, string>> {
  const files = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const pairs = files.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path.slice(root.length), createHash('sha256').update(readFileSync(path)).digest('hex')];
  });
  return Object.fromEntries(pairs.sort());
}

/** Measurements by step, without the time of day. */
async function measurements(root: string): Promise<unknown[]> {
  return (await readMetrics(runOf(root))).map(({ time: _, ...values }) => values);
}

/** Resolves when `isNow` says so, true, or the process has ended, false. */
async function reached(tune: TuneProcess, isNow: () => boolean): Promise<boolean> {
  let hasEnded = false;
  void tune.ended.then(() => {
    hasEnded = true;
  });
  while (!hasEnded) {
    if (isNow()) return true;
    await sleep(1);
  }
  return false;
}

const lines = () => {
  const path = join(runOf(project), 'metrics.jsonl');
  return existsSync(path) ? readFileSync(path, 'latin1').split('\n').length - 1 : 0;
};
const isSaving = () =>
  existsSync(checkpointsOf(project)) && readdirSync(checkpointsOf(project)).some((name) => name.startsWith('.writing'));

it(`ends in the same bits after ${ENDS.length * TENTHS} ends on the way`, {
  timeout: 600_000 + 60_000 * ENDS.length * TENTHS,
}, async () => {
  const random = createRandom(4);
  const steps: number[] = [];
  let longestStopMs = 0;
  for (let i = 0; i < ENDS.length * TENTHS; i++) {
    const { signal, moment, twice } = ENDS[i % ENDS.length]!;
    const before = (await findLatestCheckpoint(checkpointsOf(project)))?.step ?? 0;
    const tune = startTune(project);
    // The first end comes before there is a checkpoint at all.
    const wanted = before + (i === 0 ? 1 : 1 + random.integer(6));
    // What a killed run measured after its checkpoint is cut off when the next one begins.
    await reached(tune, () => lines() <= before);
    expect(await reached(tune, () => lines() >= wanted)).toBe(true);
    if (moment === 'save') expect(await reached(tune, isSaving)).toBe(true);
    else await sleep(random.integer(8));
    const sentMs = performance.now();
    tune.child.kill(signal);
    if (twice) {
      await reached(tune, () => tune.said().includes('Once more to stop at once'));
      tune.child.kill(signal);
    }
    const end = await tune.ended;
    if (signal === 'SIGKILL') expect(end.signal).toBe('SIGKILL');
    else {
      expect(end).toMatchObject({ code: 130, signal: null });
      longestStopMs = Math.max(longestStopMs, performance.now() - sentMs);
    }
    const kept = (await findLatestCheckpoint(checkpointsOf(project)))?.step ?? 0;
    const reachedStep = (await measurements(project)).length;
    // Asked to stop, it saves where it is; otherwise no more is lost than lies between two checkpoints.
    if (signal === 'SIGTERM' && !twice) expect(kept).toBeGreaterThanOrEqual(reachedStep);
    else expect(kept).toBeGreaterThanOrEqual(Math.max(before, reachedStep - 2 * CHECKPOINT_EVERY));
    steps.push(kept);
  }
  expect(longestStopMs).toBeLessThan(LONGEST_STOP_MS);
  console.log(`ended at steps ${steps.join(', ')}; the slowest stop took ${Math.round(longestStopMs)} ms`);
});

it('leaves no half-written model where it is killed while it writes it', { timeout: 600_000 }, async () => {
  const models = join(project, 'models');
  const hidden = () => readdirSync(models).filter((name) => name.startsWith('.tuned.'));
  const tune = startTune(project);
  expect(await reached(tune, () => hidden().length > 0)).toBe(true);
  tune.child.kill('SIGKILL');
  expect((await tune.ended).signal).toBe('SIGKILL');
  expect(existsSync(join(models, 'tuned'))).toBe(false);
  expect(hidden()).toHaveLength(1);

  expect(await startTune(project).ended).toMatchObject({ code: 0 });
  await runTune(await openProject(untouched), {}, silentProgress);
  expect((await readdir(models)).sort()).toEqual((await readdir(join(untouched, 'models'))).sort());
  expect((await readdir(checkpointsOf(project))).sort()).toEqual((await readdir(checkpointsOf(untouched))).sort());
  expect(await hashes(join(models, 'tuned'))).toEqual(await hashes(join(untouched, 'models', 'tuned')));
  expect(await hashes(checkpointsOf(project))).toEqual(await hashes(checkpointsOf(untouched)));
  expect(await measurements(project)).toEqual(await measurements(untouched));
});

it.runIf(process.platform === 'linux')(
  `says ${TENTHS} times that the disk is full, and goes on when there is room`,
  { timeout: 600_000 },
  async () => {
    const runs = join(crowded, 'runs');
    const checkpointBytes = checkpointSize(checkpointsOf(untouched));
    const canMount = canMountOn(runs);
    for (let i = 0; i < TENTHS; i++) {
      // Room for one checkpoint and a part of the next.
      const bytes = Math.round(checkpointBytes * (1.3 + 0.06 * i));
      if (canMount) {
        const { code, stderr } = await startTune(crowded, { under: onSmallDisk(runs, bytes) }).ended;
        expect([code, stderr]).toEqual([
          0,
          expect.stringMatching(/run tuned stopped after \d+ of .* no space is left on the disk/),
        ]);
        expect(stderr).toMatch(
          /its last checkpoint is that of update (\d+)"[\s\S]*goes on from the checkpoint of update \1"/,
        );
      } else {
        // Where no file system can be made, files that may not grow stand in for it.
        const limit = `--fsize=${Math.round(checkpointBytes / 8)}`;
        const first = await startTune(crowded, { under: ['prlimit', limit] }).ended;
        expect(first.stderr).toMatch(/"error":"[^"]*EFBIG: file too large/);
        expect((await startTune(crowded).ended).code).toBe(0);
        await rm(runOf(crowded), { recursive: true });
      }
      expect(await hashes(join(crowded, 'models', 'tuned'))).toEqual(await hashes(join(untouched, 'models', 'tuned')));
      await rm(join(crowded, 'models', 'tuned'), { recursive: true });
    }
  },
);
