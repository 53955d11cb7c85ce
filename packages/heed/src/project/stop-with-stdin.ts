/** A command that a worker started ends with its worker: the worker holds the other end of the command's stdin. */

/** Set for commands that stop, as by SIGTERM, once their stdin ends. */
export const STOP_WITH_STDIN = 'HEED_STOP_WITH_STDIN';

/** Calls `stop` when stdin ends, where the environment asks for that. Keeps no process alive. */
export function stopWithStdin(stop: () => void): void {
  if (process.env[STOP_WITH_STDIN] === undefined) return;
  process.stdin.once('end', stop);
  process.stdin.resume();
  (process.stdin as unknown as { unref?: () => void }).unref?.();
}
