/** Claims of workers that are proved dead. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isProvedAlive, stateOf } from '@heed/diffusion/process-mark';
import type { JobQueue } from './queue.ts';
import type { Workers } from './workers.ts';

/** How long the process of a killed studio may take to write its checkpoint. */
const ORPHAN_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 100;

/** Claims of workers of this host that are proved dead: the command is ended, then the job begins again. */
export async function takeBackOrphans(queue: JobQueue, workers: Workers): Promise<void> {
  for (const { claim, record } of await queue.claimed()) {
    const last = await workers.lastOf(claim.id);
    const orphan = last?.process ?? record.process;
    // Another host's process may still work on it, or this one, or another worker of this host; its lease decides.
    if (last === undefined || stateOf(last.worker) !== 'dead') continue;
    if (orphan && stateOf(orphan) === 'unknown') continue;
    // A process that is not proved to be the job's is never signalled.
    if (orphan && isProvedAlive(orphan)) {
      process.kill(orphan.pid, 'SIGTERM');
      for (let waited = 0; isProvedAlive(orphan) && waited < ORPHAN_WAIT_MS; waited += LOOK_EVERY_MS)
        await sleep(LOOK_EVERY_MS);
      if (isProvedAlive(orphan)) process.kill(orphan.pid, 'SIGKILL');
    }
    await queue.lose(claim, { ...record, error: 'the worker was ended while the command ran' });
  }
}
