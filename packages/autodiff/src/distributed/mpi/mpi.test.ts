/** The communicator over real Open MPI processes, and what happens when one of them fails. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../errors.ts';
import { launchedRank } from './environment.ts';

const OPEN = new URL('../open-communicator.ts', import.meta.url).href;
const TSX = fileURLToPath(import.meta.resolve('tsx'));
const hasMpi = spawnSync('mpirun', ['--version']).status === 0;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-mpi-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs `body` on `ranks` ranks; `c` is the communicator. */
async function mpirun(ranks: number, body: string, options: { before?: string } = {}) {
  const program = join(folder, `${Math.random()}.mjs`);
  await writeFile(
    program,
    `${options.before ?? ''}
    const { openCommunicator } = await import('${OPEN}');
    const c = await openCommunicator({ silenceSeconds: 5 });
    ${body}
    await c.close(0);`,
  );
  const launcher = ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n', String(ranks)];
  const child = spawn('mpirun', [...launcher, process.execPath, '--import', TSX, program]);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (data) => (output[stream] += data));
  const [status] = (await once(child, 'close')) as [number];
  return { status, ...output };
}

describe.runIf(hasMpi)('ranks of Open MPI', () => {
  it('sum in the order of the ranks, gather texts, and end without a fault', async () => {
    for (const ranks of [2, 3]) {
      const { status, stdout, stderr } = await mpirun(
        ranks,
        `const a = new Float32Array(5).fill(c.rank + 1); const s = Float64Array.of(c.rank, 0.5);
        await c.sum([a.subarray(0, 2), a.subarray(2)], s);
        const texts = await c.gather('é'.repeat(c.rank));
        console.log(JSON.stringify([[...a], [...s], texts, c.hosts]));`,
      );
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const sum = (ranks * (ranks + 1)) / 2;
      const texts = Array.from({ length: ranks }, (_, rank) => 'é'.repeat(rank));
      const line = JSON.stringify([Array(5).fill(sum), [sum - ranks, ranks / 2], texts, 1]);
      expect(stdout.trim().split('\n')).toEqual(Array(ranks).fill(line));
    }
  });

  it('end together, with one sentence, when one of them fails', async () => {
    const { status, stderr } = await mpirun(
      2,
      `if (c.rank === 1) c.abort('no space is left on the disk');
      await c.barrier();`,
    );
    expect(status).toBe(1);
    expect(stderr.split('\n').filter((line) => line.startsWith('heed'))).toEqual([
      'heed: rank 1: no space is left on the disk',
    ]);
  });

  it('end when one is killed', async () => {
    const { status } = await mpirun(2, `if (c.rank === 1) process.kill(process.pid, 'SIGKILL'); await c.barrier();`);
    expect(status).not.toBe(0);
  });

  it('end when one never comes', async () => {
    const { status, stderr } = await mpirun(2, '', {
      before: `if (process.env.OMPI_COMM_WORLD_RANK === '1') await new Promise((r) => setTimeout(r, 600_000));`,
    });
    expect(status).not.toBe(0);
    expect(stderr).toContain('heed: rank 0: expected 2 ranks to come within 5 s, at least one did not');
  });

  it('wait for one that computes for longer than the longest silence', async () => {
    const { status, stderr } = await mpirun(
      2,
      `if (c.rank === 1) { const end = Date.now() + 8000; while (Date.now() < end); }
      await c.barrier();`,
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('the launcher', () => {
  it('is known from its variables', () => {
    expect(launchedRank({})).toBeUndefined();
    expect(launchedRank({ OMPI_COMM_WORLD_SIZE: '1', OMPI_COMM_WORLD_RANK: '0' })).toBeUndefined();
    const mpirun = { OMPI_COMM_WORLD_SIZE: '4', OMPI_COMM_WORLD_RANK: '3', OMPI_COMM_WORLD_LOCAL_RANK: '1' };
    expect(launchedRank(mpirun)).toEqual({ rank: 3, size: 4, localRank: 1, launcher: 'mpirun' });
    const srun = { PMIX_RANK: '1', SLURM_NTASKS: '2', SLURM_LOCALID: '1', SLURM_PROCID: '1' };
    expect(launchedRank(srun)).toEqual({ rank: 1, size: 2, localRank: 1, launcher: 'srun' });
  });

  it('of a batch script without srun is one process', () => {
    expect(launchedRank({ SLURM_NTASKS: '8', SLURM_PROCID: '0' })).toBeUndefined();
  });

  it.each([
    { PMI_SIZE: '2', PMI_RANK: '0' },
    { MV2_COMM_WORLD_SIZE: '2', MV2_COMM_WORLD_RANK: '0' },
    // srun without --mpi=pmix
    { SLURM_STEP_NUM_TASKS: '2', SLURM_NTASKS: '2', SLURM_PROCID: '1' },
  ])('of another kind is refused, since each process would take itself for the only one: %o', (env) => {
    expect(() => launchedRank(env)).toThrow(InputError);
    expect(() => launchedRank(env)).toThrow(`got another launcher (${Object.keys(env)[0]}=2)`);
  });

  it('of one process is not refused', () => {
    expect(launchedRank({ SLURM_STEP_NUM_TASKS: '1', SLURM_NTASKS: '1', SLURM_PROCID: '0' })).toBeUndefined();
  });
});
