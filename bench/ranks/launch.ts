/** Sides of the benchmark that are several ranks of one thread each, started by mpirun. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Launcher } from '../../tools/two-hosts.ts';
import { HEED_COMMAND, peerCommand, startWorker, type Worker } from '../worker.ts';

/** One machine. Ranks may share cores; none is bound to one. */
export const ONE_MACHINE: Launcher = {
  command: 'mpirun',
  args: ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none'],
};

export interface RanksOptions {
  readonly ranks: number;
  /** Holds the pipes that ranks other than 0 read requests from. */
  readonly folder: string;
  readonly launcher?: Launcher;
}

export function startHeedRanks(options: RanksOptions): Worker {
  return startRanks('heed', [...HEED_COMMAND], options);
}

/** PyTorch's ranks meet at `port` of this machine; gloo carries their gradients. */
export function startPeerRanks(python: string, { port, ...options }: RanksOptions & { port: number }): Worker {
  const { args, environment } = peerCommand({ threads: 1, device: 'cpu' });
  const meeting = { HEED_BENCH_MEETING: `tcp://127.0.0.1:${port}` };
  return startRanks('PyTorch', [python, ...args], options, { ...environment, ...meeting });
}

/** A port of this machine that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** mpirun hands its stdin to rank 0 alone, so the others read the same lines from named pipes. */
function startRanks(
  name: string,
  command: readonly string[],
  { ranks, folder, launcher = ONE_MACHINE }: RanksOptions,
  environment: Readonly<Record<string, string>> = {},
): Worker {
  const pipes = mkdtempSync(join(folder, 'requests-'));
  const others = Array.from({ length: ranks - 1 }, (_, i) => join(pipes, String(i + 1)));
  execFileSync('mkfifo', others);
  const asRank = `if [ "$OMPI_COMM_WORLD_RANK" != 0 ]; then exec <"${pipes}/$OMPI_COMM_WORLD_RANK"; fi; exec "$@"`;
  const exported = Object.keys(environment).flatMap((variable) => ['-x', variable]);
  const mpirun = [launcher.command, ...launcher.args, ...exported, '-n', String(ranks), 'bash', '-c', asRank, '-'];
  const copied = `exec "$@" < <(tee ${others.map((path) => `"${path}"`).join(' ')})`;
  return startWorker(name, 'bash', ['-c', copied, '-', ...mpirun, ...command], environment);
}
