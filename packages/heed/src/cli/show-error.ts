/** Prints a command's error on stderr, as one sentence or as a defect with its stack, and chooses the exit code. */
import { type ExitCode, REPORT_REQUEST, tellError } from '../errors.ts';

interface ErrorFormat {
  readonly json: boolean;
  /** Name of the failed process, when the command runs as several processes. */
  readonly process?: string | undefined;
}

/**
 * The text for stderr, ending in a line break. The text of a defect includes its stack; other errors show their stack
 * only where `debug` is set. With `json` the text is one object with `error` and `exitCode`; a defect's object also has
 * `defect: true` and `stack`.
 */
export function formatError(error: unknown, options: ErrorFormat & { debug: boolean }): string {
  const { exitCode, isDefect, ...told } = tellError(error);
  const message = options.process === undefined ? told.message : `${options.process}: ${told.message}`;
  if (options.json) {
    const defect = isDefect ? { defect: true, stack: stackOf(error) } : {};
    return `${JSON.stringify({ error: message, exitCode, ...defect })}\n`;
  }
  if (isDefect) return `heed: ${message}\n${stackOf(error)}\n${REPORT_REQUEST}\n`;
  return `heed: ${message}\n${options.debug ? `${stackOf(error)}\n` : ''}`;
}

/** The text of an error in a running server's terminal: one sentence, or a defect with its stack. */
export function describeError(error: unknown): string {
  const { message, isDefect } = tellError(error);
  return isDefect ? `${message}\n${stackOf(error)}\n${REPORT_REQUEST}` : message;
}

/** Prints the error and returns the exit code. HEED_DEBUG shows the stack of every error. */
export function showError(error: unknown, options: ErrorFormat): ExitCode {
  process.stderr.write(formatError(error, { ...options, debug: process.env.HEED_DEBUG !== undefined }));
  return tellError(error).exitCode;
}

/** The stacks of the error and its causes, without any other fields of the error. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by: ${stackOf(error.cause)}` : own;
}
