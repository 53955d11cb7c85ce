/**
 * The errors for users, and the exit codes of the command line. A message is one sentence that says what is wrong, what
 * was expected and what was found. A message quotes no content of a file that is not of the expected kind. Bad input is
 * reported by an `InputError` or `badInput()`, and a failure with a known cause by a `HeedError` or a system error.
 * Every other error is a defect of heed.
 */

import { InputError } from '@heed/diffusion/errors';
import { systemFailure } from './system-errors.ts';

export { InputError };

/** The exit codes of all commands. */
export const EXIT_CODES = {
  /** The command succeeded. */
  ok: 0,
  /** The work failed, for example by a full disk, a model that does not load, or a NaN loss. */
  failure: 1,
  /** The command, its options or a user's file are invalid; nothing was changed. */
  badInput: 2,
  /** Stopped by Ctrl-C or SIGTERM. Finished work is kept and the command can be resumed. */
  interrupted: 130,
} as const;

/** One of the numbers of `EXIT_CODES`. */
export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

/** An error whose message is written for the user. */
export class HeedError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, options: { exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'HeedError';
    this.exitCode = options.exitCode ?? EXIT_CODES.failure;
  }
}

/** The error for invalid user input, with exit code 2. */
export function badInput(message: string, { cause }: { cause?: unknown } = {}): HeedError {
  return new HeedError(message, { exitCode: EXIT_CODES.badInput, cause });
}

/** Whether the error is the rejection of an aborted operation. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Whether the error, from any package of heed, concerns user input. */
export function isBadInput(error: unknown): error is HeedError | InputError {
  return error instanceof InputError || (error instanceof HeedError && error.exitCode === EXIT_CODES.badInput);
}

/** Whether the error's message was written for the user. */
export function isForUser(error: unknown): error is HeedError | InputError {
  return error instanceof HeedError || error instanceof InputError;
}

/**
 * Prepends `place` to the message of bad input, for callers that know a value's place. A `HeedError` already names its
 * place. A `HeedError` and all other errors are returned unchanged.
 */
export function atPlace(place: string, error: unknown): unknown {
  return error instanceof InputError ? badInput(`${place}: ${error.message}`) : error;
}

/** A request to report the defect, printed below the stack. */
export const REPORT_REQUEST = 'This is a defect of heed: please report this with the text above.';

/** A server's response to a defect. The error and its stack go only to the terminal. */
export const DEFECT_ANSWER = 'that did not work, because of a defect of heed; its terminal shows where';

/** An error in the form that users see: a sentence and an exit code. */
export interface ToldError {
  readonly message: string;
  readonly exitCode: ExitCode;
  /** An unforeseen error, whose message is the runtime's own. */
  readonly isDefect: boolean;
}

/** Classifies an error as bad input, failure, stop or defect. */
export function tellError(error: unknown): ToldError {
  if (isAbort(error)) return { message: 'stopped', exitCode: EXIT_CODES.interrupted, isDefect: false };
  if (error instanceof HeedError) return { message: error.message, exitCode: error.exitCode, isDefect: false };
  if (error instanceof InputError) return { message: error.message, exitCode: EXIT_CODES.badInput, isDefect: false };
  const failure = systemFailure(error);
  if (failure !== undefined) return { message: failure, exitCode: EXIT_CODES.failure, isDefect: false };
  const message = error instanceof Error ? error.message : String(error);
  return { message, exitCode: EXIT_CODES.failure, isDefect: true };
}
