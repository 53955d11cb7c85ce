/**
 * The errors that users meet, and the exit codes of the command line.
 * A message is one sentence that says what, what was expected and what came; it holds no stack and no advice to retry.
 */

import { InputError } from '@heed/diffusion/errors';

/** What the exit status of every command means. */
export const EXIT_CODES = {
  /** The command did what it was asked. */
  ok: 0,
  /** The work failed: no space, a model that does not load, a loss that is not a number. */
  failure: 1,
  /** The command, its options or a file the user wrote are not as expected; nothing was changed. */
  badInput: 2,
  /** Stopped by Ctrl-C or SIGTERM; what was done until then is kept and the command can be resumed. */
  interrupted: 130,
} as const;

/** One of the numbers of `EXIT_CODES`. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** An error whose message is meant for the user as it stands. */
export class HeedError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'HeedError';
    this.exitCode = options.exitCode ?? EXIT_CODES.failure;
  }
}

/** The error for something a user wrote: exit code 2. */
export function badInput(message: string): HeedError {
  return new HeedError(message, { exitCode: EXIT_CODES.badInput });
}

/** True for the rejection of an operation whose AbortSignal fired. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** The exit code that an error of any kind ends a command with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof HeedError) return error.exitCode;
  if (error instanceof InputError) return EXIT_CODES.badInput;
  return isAbort(error) ? EXIT_CODES.interrupted : EXIT_CODES.failure;
}
