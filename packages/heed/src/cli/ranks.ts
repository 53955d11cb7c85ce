/** Opens the MPI ranks that a launcher started this command as, and leaves them at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Communicator, ExchangeType } from '@heed/diffusion/autodiff';

/** Time that other ranks wait for rank 0 to print a shared error. Rank 0's exit ends the others. */
const OTHERS_WAIT_MS = 2000;

let opened: Communicator | undefined;

/** Opens the communicator of this process; a single-process one unless a launcher started several. */
export async function openRanks(exchange: ExchangeType): Promise<Communicator> {
  const { openCommunicator } = await import('@heed/diffusion/autodiff');
  opened = await openCommunicator({ type: exchange });
  return opened;
}

/** Whether this is a rank other than 0. Only rank 0 prints notes. */
export function isOtherRank(): boolean {
  return (opened?.rank ?? 0) > 0;
}

/** Waits before a rank other than 0 prints an error. */
export async function letFirstRankSpeak(): Promise<void> {
  if (isOtherRank()) await sleep(OTHERS_WAIT_MS);
}

/** Ends the process if it is one of several ranks; otherwise returns at once. */
export async function leaveRanks(exitCode: number): Promise<void> {
  if (opened && opened.size > 1) await opened.close(exitCode);
}
