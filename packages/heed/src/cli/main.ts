/** Where the process starts: parses the arguments, runs the command, sets the exit code. */
import { CommanderError } from 'commander';
import { EXIT_CODES } from '../errors.ts';
import { createProgram } from './program.ts';
import { leaveRanks, letFirstRankSpeak } from './ranks.ts';
import { showError } from './show-error.ts';

// A limit on the size of files is an error of the one write; without a listener it would end the process.
if (process.platform !== 'win32') process.on('SIGXFSZ', () => {});
const json = process.argv.includes('--json');
// A reader that has seen enough, such as `head`, closes the pipe.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? EXIT_CODES.ok);
  });
}
process.on('uncaughtException', (error) => process.exit(showError(error, { json })));

try {
  await createProgram().parseAsync();
} catch (error) {
  await letFirstRankSpeak();
  // Commander has already said what is wrong with the arguments.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.badInput;
  else process.exitCode = showError(error, { json });
}
await leaveRanks(Number(process.exitCode ?? EXIT_CODES.ok));
