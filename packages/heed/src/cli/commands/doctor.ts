/** `heed doctor`: can it run here, and is the project whole? */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type CommonOptions, runCommand, withCommonOptions } from '../context.ts';

export function doctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('check this machine and, where there is one, the project')
    .option('--rebuild', "make the studio's tables anew from feedback.jsonl and the images, then check", false);
  withCommonOptions(command, ['heed doctor', 'heed doctor --project cats --json', 'heed doctor --rebuild']).action(
    async ({ rebuild, ...options }: CommonOptions & { rebuild: boolean }) =>
      runCommand(options, async ({ openProject, note }) => {
        if (rebuild) {
          const { rebuildStudio } = await import('../../studio/storage/rebuild.ts');
          const { answers, queries } = await rebuildStudio(await openProject());
          note(`the studio's tables are made anew: ${queries} queries, ${answers} answers`);
        }
        const { machineChecks, projectChecks, runChecks } = await import('../../doctor/checks.ts');
        const { projectPaths } = await import('../../project/project.ts');
        const folder = resolve(options.project);
        const results = await runChecks(machineChecks(folder));
        const hasProject = existsSync(projectPaths(folder).config);
        if (hasProject) {
          const project = openProject();
          const settings = await runChecks([
            ['settings', async () => ({ state: 'ok', found: (await project).paths.config })],
          ]);
          results.push(...(settings[0]?.state === 'ok' ? await runChecks(projectChecks(await project)) : settings));
        }
        const isWell = results.every(({ state }) => state !== 'failed');
        const marks = { ok: pc.green('ok     '), warning: pc.yellow('warning'), failed: pc.red('failed ') };
        return {
          data: { ok: isWell, project: hasProject ? folder : null, checks: results },
          lines: [
            ...results.map(({ name, state, found }) => `${marks[state]}  ${name.padEnd(13)} ${found}`),
            ...(hasProject ? [] : [`(no project in ${folder}: only the machine was checked)`]),
          ],
          exitCode: isWell ? 0 : 1,
        };
      }),
  );
}
