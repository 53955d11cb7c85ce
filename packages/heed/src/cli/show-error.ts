/** How a command ends in an error: one sentence on stderr and the exit code that fits. */
import { EXIT_CODES, type ExitCode, exitCodeOf, HeedError, isAbort } from '../errors.ts';

/** The text for stderr, ending in a line break. The stack is shown where HEED_DEBUG is set. */
export function formatError(error: unknown, options: { json: boolean; debug: boolean }): string {
  const message = messageOf(error);
  if (options.json) return `${JSON.stringify({ error: message, exitCode: exitCodeOf(error) })}\n`;
  const stack = options.debug && error instanceof Error ? `${error.stack ?? ''}\n` : '';
  return `heed: ${message}\n${stack}`;
}

/** Prints the error and returns the exit code. */
export function showError(error: unknown, options: { json: boolean }): ExitCode {
  process.stderr.write(formatError(error, { ...options, debug: process.env.HEED_DEBUG !== undefined }));
  return exitCodeOf(error);
}

const SYSTEM_MESSAGES: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EACCES: 'permission to a file or folder is missing',
  EPERM: 'permission to a file or folder is missing',
  EROFS: 'the disk is read-only',
  EMFILE: 'too many files are open',
  ENOTDIR: 'a folder was expected where a file is',
};

function messageOf(error: unknown): string {
  if (isAbort(error) || exitCodeOf(error) === EXIT_CODES.interrupted) return 'stopped';
  if (!(error instanceof Error)) return String(error);
  if (error instanceof HeedError) return error.message;
  const { code, path } = error as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : SYSTEM_MESSAGES[code];
  return known === undefined ? error.message : `${known}${path === undefined ? '' : `: ${path}`}`;
}
