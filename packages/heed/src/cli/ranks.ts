/** Opens the MPI ranks that a launcher started this command as, and leaves them at the end. */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Communicator, ExchangeType } from '@heed/diffusion/autodiff';

/** Time that other ranks wait for rank 0 to print a shared error. Rank 0's exit ends the others. */
const OTHERS_WAIT_MS = 2000;

let opened: Communicator | undefined;
let rank = 0;

/** Opens the communicator of this process; a single-process one unless a launcher started several. */
export async function openRanks(exchange: ExchangeType): Promise<Communicator> {
  const { openCommunicator } = await import('@heed/diffusion/autodiff');
  opened = await openCommunicator({ type: exchange });
  rank = opened.rank;
  return opened;
}

/**
 * Whether the launcher started this process as a rank other than 0. Commands that run as ranks ask it before they open
 * the project, which only rank 0 may change.
 */
export async function isLaunchedOtherRank(): Promise<boolean> {
  const { launchedRank } = await import('@heed/diffusion/autodiff');
  rank = launchedRank()?.rank ?? 0;
  return isOtherRank();
}

/** Whether this is a rank other than 0. Only rank 0 prints notes. */
export function isOtherRank(): boolean {
  return rank > 0;
}

/** How errors name this process: its rank and host; undefined for rank 0 and for a single process. */
export function otherRankName(): string | undefined {
  return isOtherRank() ? `rank ${rank} on ${hostname()}` : undefined;
}

/** Waits before a rank other than 0 prints an error. */
export async function letFirstRankSpeak(): Promise<void> {
  if (isOtherRank()) await sleep(OTHERS_WAIT_MS);
}

/** Ends the process if it is one of several ranks; otherwise returns at once. */
export async function leaveRanks(exitCode: number): Promise<void> {
  if (opened && opened.size > 1) await opened.close(exitCode);
}
