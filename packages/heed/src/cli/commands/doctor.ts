/** `heed doctor`: checks whether heed can run on this machine and whether the project is intact. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { DEVICE_SETTINGS, type DeviceSetting } from '../../config/device-names.ts';
import { badInput, EXIT_CODES } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { type CommandResult, type CommonOptions, runCommand, withCommonOptions } from '../context.ts';
import { wholeNumber } from '../parse-options.ts';
import { isLaunchedOtherRank, openRanks } from '../ranks.ts';

type DoctorOptions = CommonOptions & {
  rebuild: boolean;
  verify: boolean;
  device?: DeviceSetting;
  model?: string;
  loraRank?: number;
};

export function doctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .description('check this machine and, where there is one, the project')
    .option('--rebuild', "make the studio's tables again from feedback.jsonl and the images, then check", false)
    .option('--verify', 'compare every picture, judgement and model of the project with what was recorded of it', false)
    .addOption(
      new Option('--device <name>', 'compute on this device, and say how to bring what it lacks').choices(
        DEVICE_SETTINGS,
      ),
    )
    .option(
      '--model <path>',
      'say what tuning this model (a diffusers folder or a single file) will need, and check nothing',
    )
    .option('--lora-rank <rank>', 'with --model: tune a LoRA of this rank', wholeNumber(1));
  withCommonOptions(command, [
    'heed doctor',
    'heed doctor --project cats --json',
    'heed doctor --model /models/sd15 --lora-rank 8 --set tune.batchSize=1 --set tune.recompute=true',
    'heed doctor --device cuda',
    'heed doctor --device auto                        (which device `device = "auto"` takes, and why)',
    'heed doctor --rebuild',
    'heed doctor --verify',
    'mpirun -n 4 --bind-to none npx heed doctor       (versions, weights and speed of four ranks)',
  ]).action(async ({ rebuild, verify, device, model, loraRank, ...options }: DoctorOptions) =>
    runCommand(options, async ({ openProject, note, progress, signal }) => {
      if (loraRank !== undefined && model === undefined)
        throw badInput('--lora-rank: expected --model beside it, got none');
      if (model !== undefined) return forecast({ model, loraRank, options, openProject });
      if (verify) {
        const { describeVerification, verifyProject } = await import('../../doctor/verify/index.ts');
        const report = await verifyProject(await openProject(), { progress, signal });
        return { data: report, lines: describeVerification(report), exitCode: report.ok ? 0 : EXIT_CODES.failure };
      }
      if (rebuild) {
        const { rebuildStudio } = await import('../../studio/storage/rebuild.ts');
        const { answers, queries } = await rebuildStudio(await openProject());
        note(`the studio's tables are made again: ${queries} queries, ${answers} answers`);
      }
      const { machineChecks, projectChecks, runChecks } = await import('../../doctor/checks.ts');
      const { projectPaths } = await import('../../project/project.ts');
      const folder = resolve(options.project);
      const results = await runChecks(machineChecks(folder, device));
      const hasProject = existsSync(projectPaths(folder).config);
      if (hasProject) {
        const project = openProject({ isShard: await isLaunchedOtherRank() });
        const settings = await runChecks([
          ['settings', async () => ({ state: 'ok', found: (await project).paths.config })],
        ]);
        results.push(...(settings[0]?.state === 'ok' ? await runChecks(projectChecks(await project)) : settings));
      }
      const ranks = await ranksOf(hasProject, () => openProject({ isShard: true }));
      if (ranks?.isOther) return { lines: [] };
      results.push(...(ranks?.checks ?? []));
      const isWell = results.every(({ state }) => state !== 'failed');
      const marks = { ok: pc.green('ok     '), warning: pc.yellow('warning'), failed: pc.red('failed ') };
      return {
        data: {
          ok: isWell,
          project: hasProject ? folder : null,
          checks: results,
          ...(ranks === undefined ? {} : { ranks: ranks.report }),
        },
        lines: [
          ...results.map(({ name, state, found }) => `${marks[state]}  ${name.padEnd(13)} ${found}`),
          ...(hasProject ? [] : [`(no project in ${folder}: only the machine was checked)`]),
        ],
        exitCode: isWell ? 0 : 1,
      };
    }),
  );
}

/** Compares all ranks (processes) that a launcher started; undefined when this is the only process. */
async function ranksOf(hasProject: boolean, openProject: () => Promise<Project>) {
  const communicator = await openRanks('float32');
  if (communicator.size === 1) return undefined;
  const { checkRanks } = await import('../../doctor/ranks.ts');
  const found = await checkRanks(communicator, hasProject ? await openProject() : undefined);
  return { ...found, isOther: communicator.rank > 0 };
}

/**
 * Forecasts memory and time of tuning under the project's settings, or the defaults without a project. `--set`
 * overrides single settings.
 */
async function forecast({
  model,
  loraRank,
  options,
  openProject,
}: {
  model: string;
  loraRank: number | undefined;
  options: CommonOptions;
  openProject: () => Promise<Project>;
}): Promise<CommandResult> {
  const { checkConfig, parseConfig } = await import('../../config/index.ts');
  const { projectPaths } = await import('../../project/project.ts');
  const hasProject = existsSync(projectPaths(resolve(options.project)).config);
  const config = hasProject
    ? (await openProject()).config
    : parseConfig('', { source: 'the defaults', overrides: options.set });
  const given =
    loraRank === undefined ? config : checkConfig({ ...config, tune: { ...config.tune, loraRank } }, '--lora-rank');
  const { describeForecast, forecastTuning } = await import('../../doctor/tune-forecast.ts');
  const data = await forecastTuning(resolve(model), given);
  return { data, lines: describeForecast(data) };
}
