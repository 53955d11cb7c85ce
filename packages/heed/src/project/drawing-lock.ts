/** The lock of commands that draw images: one process at a time writes a project's index of images. */
import { type WaitOptions, withAwaitedLock } from './lock.ts';
import type { Project } from './project.ts';

/** The command that merges the images of shards into the project. */
export const MERGE = 'generate --merge';

/** Commands that hold the lock only for seconds: `heed try`, merges, and a studio that stores the images of a try. */
const SHORT_HOLDERS: readonly string[] = ['try', 'studio', MERGE];

export interface DrawingOptions extends Pick<WaitOptions, 'note' | 'signal'> {
  /** The command that other processes name as the lock's holder. */
  readonly command: 'generate' | 'try';
}

/**
 * Runs `work` while no other process adds images. Every command waits while one of `SHORT_HOLDERS` has the lock, and
 * `heed try` waits for any command. Otherwise throws when another process has the lock; the message names the process.
 */
export function withDrawingLock<T>(project: Project, options: DrawingOptions, work: () => Promise<T>): Promise<T> {
  const isAwaited = (holder: { command: string }) =>
    options.command === 'try' || SHORT_HOLDERS.includes(holder.command);
  return withAwaitedLock(project, 'generate', { ...options, isAwaited }, work);
}
