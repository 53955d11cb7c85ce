/** The program's entry point, which parses the arguments, runs the command and sets the exit code. */
import { CommanderError } from 'commander';
import { EXIT_CODES } from '../errors.ts';
import { createProgram } from './program.ts';
import { leaveRanks, letFirstRankSpeak, otherRankName } from './ranks.ts';
import { showError } from './show-error.ts';

// A file size limit should fail only that write. Without a listener the signal would end the process.
if (process.platform !== 'win32') process.on('SIGXFSZ', () => {});
const json = process.argv.includes('--json');
// A reader such as `head` may close the pipe early.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? EXIT_CODES.ok);
  });
}
process.on('uncaughtException', (error) => process.exit(showError(error, { json, process: otherRankName() })));

try {
  await createProgram().parseAsync();
} catch (error) {
  await letFirstRankSpeak();
  // Commander has already printed the error.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.badInput;
  else process.exitCode = showError(error, { json, process: otherRankName() });
}
await leaveRanks(Number(process.exitCode ?? EXIT_CODES.ok));
