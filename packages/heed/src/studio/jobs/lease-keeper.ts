/**
 * Renews a worker's lease on a job while the job's command runs. If a worker cannot reach the database, it stops its
 * command before the lease expires and another worker takes the job.
 */
import type { RunningCommand } from './command.ts';
import type { Claim, JobQueue, JobRecord } from './queue.ts';
import type { Workers } from './workers.ts';

/**
 * Fractions of the lease duration after which a worker without database contact first stops, and then kills, its
 * command.
 */
const STOP_AT = 0.6;
const KILL_AT = 0.9;

export interface LeaseKeeper {
  /** Whether the command was stopped because the database was unreachable for too long. */
  isUnheard(): boolean;
  /** Ends the heartbeat and waits for a heartbeat write that is still in progress. */
  stop(): Promise<void>;
}

export interface LeaseOptions {
  readonly queue: JobQueue;
  readonly workers: Workers;
  readonly heartbeatMs: number;
  readonly leaseSeconds: number;
  readonly onError: (error: unknown) => void;
}

export function keepLease(
  { claim, command, record }: { claim: Claim; command: RunningCommand; record: () => JobRecord },
  { queue, workers, heartbeatMs, leaseSeconds, onError }: LeaseOptions,
): LeaseKeeper {
  let beating = Promise.resolve();
  let heardAt = performance.now();
  let isUnheard = false;
  const beat = async () => {
    const askedAt = performance.now();
    await workers.beat({ job: claim.id, process: command.mark });
    if (await queue.beat(claim, record())) heardAt = askedAt;
    else command.stop();
  };
  const beatOn = () => {
    const silentShare = (performance.now() - heardAt) / (1000 * leaseSeconds);
    if (silentShare > STOP_AT) {
      isUnheard = true;
      if (silentShare > KILL_AT) command.kill();
      else command.stop();
    }
    beating = beating.then(beat).catch(onError);
  };
  beatOn();
  const heart = setInterval(beatOn, heartbeatMs);
  return {
    isUnheard: () => isUnheard,
    async stop() {
      clearInterval(heart);
      await beating;
    },
  };
}
