/**
 * The errors that users meet, and the exit codes of the command line.
 * A message is one sentence: what, expected, actual. It quotes no content of a file that is not of the expected kind.
 * Bad input is an `InputError` or `badInput()`, a failure with an explanation a `HeedError` or an error of the system.
 * Everything else that throws is a defect of heed.
 */

import { InputError } from '@heed/diffusion/errors';
import { systemFailure } from './system-errors.ts';

export { InputError };

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
export function badInput(message: string, { cause }: { cause?: unknown } = {}): HeedError {
  return new HeedError(message, { exitCode: EXIT_CODES.badInput, cause });
}

/** True for the rejection of an operation whose AbortSignal fired. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** True for an error in something the user handed over, whichever package found it. */
export function isBadInput(error: unknown): error is HeedError | InputError {
  return error instanceof InputError || (error instanceof HeedError && error.exitCode === EXIT_CODES.badInput);
}

/** True for an error whose message was written for the user. */
export function isForUser(error: unknown): error is HeedError | InputError {
  return error instanceof HeedError || error instanceof InputError;
}

/**
 * Bad input with `place` before its sentence, for readers that know where a value stands and parsers that do not.
 * A `HeedError` names its place already; it and every other error come back as they are.
 */
export function atPlace(place: string, error: unknown): unknown {
  return error instanceof InputError ? badInput(`${place}: ${error.message}`) : error;
}

/** Asks for a report of a defect. It stands below the stack. */
export const REPORT_REQUEST = 'This is a defect of heed: please report this with the text above.';

/** What a server answers where a defect stopped it: the error and its stack go to the terminal alone. */
export const DEFECT_ANSWER = 'that did not work, because of a defect of heed; its terminal shows where';

/** What an error is to the user: a sentence and an exit code. */
export interface ToldError {
  readonly message: string;
  readonly exitCode: ExitCode;
  /** An error that no part of heed foresaw. The message is then the runtime's own. */
  readonly isDefect: boolean;
}

/** Tells bad input, failures and stops from defects. */
export function tellError(error: unknown): ToldError {
  if (isAbort(error)) return { message: 'stopped', exitCode: EXIT_CODES.interrupted, isDefect: false };
  if (error instanceof HeedError) return { message: error.message, exitCode: error.exitCode, isDefect: false };
  if (error instanceof InputError) return { message: error.message, exitCode: EXIT_CODES.badInput, isDefect: false };
  const failure = systemFailure(error);
  if (failure !== undefined) return { message: failure, exitCode: EXIT_CODES.failure, isDefect: false };
  const message = error instanceof Error ? error.message : String(error);
  return { message, exitCode: EXIT_CODES.failure, isDefect: true };
}
