/**
 * Notices lost ranks that MPI does not notice: the network was cut, a rank never started, or a rank hangs in a system
 * call. Every rank keeps a connection to rank 0 and sends a heartbeat each second. A worker thread sends the heartbeat,
 * so that the heartbeat continues during long computations of the main thread. A rank that receives no heartbeat for
 * too long prints one sentence and ends its process; the launcher ends the other ranks.
 */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { watchWorkerCode } from './watch-worker.ts';

/** Controls the watch of one rank over the other ranks. */
export interface Watch {
  /** Rank 0's address as text for `connect`; empty on other ranks. */
  readonly address: string;
  /** Starts the heartbeat. Before this call, the watch only checks that all ranks start in time. */
  connect(address: string): void;
  /** Prints the sentence and informs the other ranks, so that no other rank prints an error. */
  fail(sentence: string): void;
  /** Ends the watch. The other ranks do not take this for a failure. */
  stop(): void;
}

/** The worker's start data. */
export interface WatchData {
  readonly rank: number;
  readonly size: number;
  readonly silenceSeconds: number;
  /** Memory shared with the main thread: 1 once the main thread fails or ends by itself. */
  readonly ending: Int32Array;
}

/** Starts the watch; resolves once rank 0 listens. */
export async function startWatch(options: Omit<WatchData, 'ending'>): Promise<Watch> {
  const ending = new Int32Array(new SharedArrayBuffer(4));
  const data: WatchData = { ...options, ending };
  // The worker's code is text, so that it needs no TypeScript loader.
  const worker = new Worker(watchWorkerCode(), { eval: true, workerData: data, stdout: false, stderr: false });
  worker.unref();
  const address = await new Promise<string>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return {
    address,
    connect: (to) => worker.postMessage({ connect: to }),
    fail(sentence) {
      if (sentence !== '') writeSync(2, `heed: rank ${options.rank}: ${sentence}\n`);
      Atomics.store(ending, 0, 1);
    },
    stop() {
      Atomics.store(ending, 0, 1);
      worker.postMessage({ stop: true });
    },
  };
}
