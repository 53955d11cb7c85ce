/** The ranks that a launcher started this command as: opened before the work, left last. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Communicator, ExchangeType } from '@heed/diffusion/autodiff';

/** Rank 0 prints an error that all ranks meet, and its end ends the others. */
const OTHERS_WAIT_MS = 2000;

let opened: Communicator | undefined;

/** The communicator of this process; of a process alone where no launcher started several. */
export async function openRanks(exchange: ExchangeType): Promise<Communicator> {
  const { openCommunicator } = await import('@heed/diffusion/autodiff');
  opened = await openCommunicator({ type: exchange });
  return opened;
}

/** True on ranks other than 0, which leave remarks to rank 0. */
export function isOtherRank(): boolean {
  return (opened?.rank ?? 0) > 0;
}

/** Before a rank other than 0 prints an error. */
export async function letFirstRankSpeak(): Promise<void> {
  if (isOtherRank()) await sleep(OTHERS_WAIT_MS);
}

/** Ends the process where it is one of several; else returns at once. */
export async function leaveRanks(exitCode: number): Promise<void> {
  if (opened && opened.size > 1) await opened.close(exitCode);
}
