/**
 * Connects this process with the other MPI ranks if a launcher started several, and ends the connection when the
 * command ends.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Communicator, ExchangeType } from '@heed/diffusion/autodiff';

/** Time that other ranks wait for rank 0 to print a shared error. When rank 0 exits, the other ranks end too. */
const OTHERS_WAIT_MS = 2000;

let opened: Communicator | undefined;
let rank = 0;

/** Opens this process's communicator, which has a single rank unless a launcher started several processes. */
export async function openRanks(exchange: ExchangeType): Promise<Communicator> {
  const { openCommunicator } = await import('@heed/diffusion/autodiff');
  opened = await openCommunicator({ type: exchange });
  rank = opened.rank;
  return opened;
}

/**
 * Whether the launcher started this process as a rank other than 0. Commands that can run as several ranks call this
 * function before opening the project, which only rank 0 may change.
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

/** The name of this process in error messages: rank and host; undefined for rank 0 and for a single process. */
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
