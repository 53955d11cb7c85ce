/** Ends a command together with the worker that started it. The worker holds the other end of the command's stdin. */

/** Environment variable for commands that must stop, as on SIGTERM, when their stdin ends. */
export const STOP_WITH_STDIN = 'HEED_STOP_WITH_STDIN';

/**
 * Calls `stop` when stdin ends, if the environment variable is set. Waiting for the end of stdin does not keep the
 * process alive.
 */
export function stopWithStdin(stop: () => void): void {
  if (process.env[STOP_WITH_STDIN] === undefined) return;
  process.stdin.once('end', stop);
  process.stdin.resume();
  (process.stdin as unknown as { unref?: () => void }).unref?.();
}
