/** `heed report`: writes one page with all results. */
import type { Command } from 'commander';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

export function reportCommand(program: Command): void {
  const command = program
    .command('report')
    .description('write one self-contained HTML page with tables, plots and pictures')
    .option('--run <name>', 'the evaluation to report (default: the newest)')
    .option('--out <file>', 'where (default: reports/<run>.html)');
  withCommonOptions(command, ['heed report', 'heed report --run evaluate-0002 --out results.html']).action(
    async ({ run, out, ...options }: CommonOptions & { run?: string; out?: string }) =>
      runCommand(options, async ({ openProject, progress, signal }) => {
        const project = await openProject();
        const { runReport } = await import('../../report/run.ts');
        const result = await runReport(
          project,
          { ...(run === undefined ? {} : { run }), ...(out === undefined ? {} : { out }), signal },
          progress,
        );
        return { data: result, lines: [`${result.file} (${(result.bytes / 1e6).toFixed(1)} MB)`] };
      }),
  );
}
