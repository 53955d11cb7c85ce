/** Restarts jobs whose workers have died. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isProvedAlive, stateOf } from '@heed/diffusion/process-mark';
import type { JobQueue } from './queue.ts';
import type { Workers } from './workers.ts';

/** Time that the command of a dead worker gets to write its checkpoint before the command is killed. */
const ORPHAN_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 100;

/**
 * Restarts the jobs of workers on this host that are proved dead. If the command of such a worker still runs, the
 * command is ended first.
 */
export async function takeBackOrphans(queue: JobQueue, workers: Workers): Promise<void> {
  for (const { claim, record } of await queue.claimed()) {
    const last = await workers.lastOf(claim.id);
    const orphan = last?.process ?? record.process;
    // The job may still run on another host, here or in another worker of this host. Then its lease decides.
    if (last === undefined || stateOf(last.worker) !== 'dead') continue;
    if (orphan && stateOf(orphan) === 'unknown') continue;
    // A signal is sent only to a process that is proved to be the job's.
    if (orphan && isProvedAlive(orphan)) {
      process.kill(orphan.pid, 'SIGTERM');
      for (let waited = 0; isProvedAlive(orphan) && waited < ORPHAN_WAIT_MS; waited += LOOK_EVERY_MS)
        await sleep(LOOK_EVERY_MS);
      if (isProvedAlive(orphan)) process.kill(orphan.pid, 'SIGKILL');
    }
    await queue.lose(claim, { ...record, error: 'the worker was ended while the command ran' });
  }
}
