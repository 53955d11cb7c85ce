/** `heed worker`: runs the studio's jobs on another machine. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { describeError } from '../show-error.ts';

export function workerCommand(program: Command): void {
  const command = program
    .command('worker')
    .description("take the studio's jobs on this machine, which shares the project folder and DATABASE_URL with it");
  withCommonOptions(command, [
    'DATABASE_URL=postgresql://heed@db/heed heed worker',
    'DATABASE_URL=postgresql://heed@db/heed heed worker --project /shared/cats --set threads=16',
  ]).action(async (options: CommonOptions) =>
    runCommand(options, async ({ openProject, signal, note }) => {
      const project = await openProject();
      const { runWorker } = await import('../../studio/jobs/worker.ts');
      const { jobs } = await runWorker(project, {
        overrides: options.set,
        signal,
        note,
        onError: (error) => note(`worker: ${describeError(error)}`),
      });
      return { data: { jobs }, lines: [`The worker has ended. Jobs that it began: ${jobs}.`] };
    }),
  );
}
