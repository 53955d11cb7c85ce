/** What `heed tune` under mpirun does with a full disk, another heed on a rank, and a rank that never comes. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkpointSize, onSmallDisk } from './small-disk.ts';
import { checkpoints, HEED, sentences, startTune, tunedWeights } from './tune-ranks.ts';
import { makeTuningProject } from './tuning-project.ts';

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));
/** 30 s, and what a busy machine needs to start the processes of three tests at once. */
const LONGEST_END_SECONDS = 60;

let folder: string;
let untouched: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-tune-mpi-faults-'));
  const overrides = ['tune.batchSize=4', 'tune.replicas=2', 'tune.checkpointEverySteps=3', 'tune.keepCheckpoints=2'];
  await makeTuningProject(folder, { steps: 12, overrides });
  untouched = await freshProject('untouched');
  expect(await startTune(untouched, 1).ended).toMatchObject({ status: 0 });
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function freshProject(name: string): Promise<string> {
  const project = join(folder, name);
  await cp(join(folder, 'project'), project, { recursive: true });
  return project;
}

// Waiting for a rank takes 20 s, in which the others run.
describe.concurrent('heed tune under mpirun', () => {
  it('ends on a full disk of rank 0 with one sentence, and goes on when there is room', async () => {
    const project = await freshProject('crowded');
    const runs = join(project, 'runs');
    const bytes = Math.round(1.4 * checkpointSize(join(untouched, 'runs/tuned/checkpoints')));
    const { status, stderr } = await startTune(project, 2, { under: onSmallDisk(runs, bytes) }).ended;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(sentences(stderr).filter((line) => line.includes('stopped after'))).toEqual([
      expect.stringMatching(
        /^heed: run tuned stopped after \d+ of 12 updates: .*no space is left on the disk.*; its last checkpoint is that of update 3$/,
      ),
    ]);
    expect(stderr).toContain('goes on from the checkpoint of update 3');
    expect(await tunedWeights(project)).toBe(await tunedWeights(untouched));
  });

  it('ends before the first update where a rank has another version of heed', async () => {
    const project = await freshProject('other-heed');
    const other = await otherHeed('9.9.9');
    const asRank = `if [ $OMPI_COMM_WORLD_RANK = 1 ]; then exec "$1" ${other} "\${@:3}"; fi; exec "$@"`;
    const { status, stderr, seconds } = await startTune(project, 2, { asRank }).ended;
    expect(status).toBe(2);
    expect(seconds).toBeLessThan(LONGEST_END_SECONDS);
    const own = JSON.parse(await readFile(join(REPOSITORY, 'packages/heed/package.json'), 'utf8')).version;
    expect(sentences(stderr).filter((line) => line.includes('rank 1'))).toEqual([
      `heed: rank 1 on ${hostname()}: expected the version of heed of rank 0 (${own}), got 9.9.9; \`heed doctor\` compares all ranks`,
    ]);
    expect(await checkpoints(project)).toEqual([]);
  });

  it('ends where a rank never comes', async () => {
    const project = await freshProject('absent');
    const asRank = 'if [ $OMPI_COMM_WORLD_RANK = 1 ]; then exec sleep 300; fi; exec "$@"';
    const { status, stderr, seconds } = await startTune(project, 2, { asRank }).ended;
    expect(status).not.toBe(0);
    expect(seconds).toBeLessThan(LONGEST_END_SECONDS);
    expect(sentences(stderr)).toEqual(['heed: rank 0: expected 2 ranks to come within 20 s, at least one did not']);
    expect(await startTune(project, 2).ended).toMatchObject({ status: 0 });
    expect(await tunedWeights(project)).toBe(await tunedWeights(untouched));
  });
});

/** A copy of heed that says it is another version; returns its program. */
async function otherHeed(version: string): Promise<string> {
  const copy = join(folder, 'other/packages/heed');
  await mkdir(copy, { recursive: true });
  const original = join(HEED, '../..');
  for (const part of ['bin', 'src']) await cp(join(original, part), join(copy, part), { recursive: true });
  const packageJson = JSON.parse(await readFile(join(original, 'package.json'), 'utf8'));
  await writeFile(join(copy, 'package.json'), JSON.stringify({ ...packageJson, version }));
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'other/node_modules'));
  const program = join(copy, 'bin/heed.mjs');
  // What the tests compiled is the repository's version.
  await writeFile(program, (await readFile(program, 'utf8')).replace('process.env.HEED_COMPILED', 'undefined'));
  return program;
}
