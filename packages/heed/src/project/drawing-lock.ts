/** The lock of commands that draw images: one process at a time writes a project's index of images. */
import { type WaitOptions, withAwaitedLock } from './lock.ts';
import type { Project } from './project.ts';

/** The command that takes in what shards drew. */
export const MERGE = 'generate --merge';

/** Holders that are done within seconds: tries, merges, and a studio that takes pictures of tries in. */
const SHORT_HOLDERS: readonly string[] = ['try', 'studio', MERGE];

export interface DrawingOptions extends Pick<WaitOptions, 'note' | 'signal'> {
  /** What other processes are told of the holder. */
  readonly command: 'generate' | 'try';
}

/**
 * Runs `work` while no other process adds images. A command waits for short holders, and a try waits for every holder.
 * Throws where another process holds the lock for longer; the message names it.
 */
export function withDrawingLock<T>(project: Project, options: DrawingOptions, work: () => Promise<T>): Promise<T> {
  const isAwaited = (holder: { command: string }) =>
    options.command === 'try' || SHORT_HOLDERS.includes(holder.command);
  return withAwaitedLock(project, 'generate', { ...options, isAwaited }, work);
}
