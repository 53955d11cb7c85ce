/**
 * `heed demo`: runs the whole loop with the built-in base model in one project folder: generate, label, reward, tune,
 * evaluate, report. A stopped demo resumes; a finished demo only prints the results again.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { formatTable } from '../cli/table.ts';
import type { DeviceSetting } from '../config/device-names.ts';
import { badInput } from '../errors.ts';
import { EVALUATION_FILE, readEvaluation } from '../evaluate/evaluation-file.ts';
import { formatDuration } from '../progress/format.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { initProject, openProject, type Project } from '../project/index.ts';
import { resolveDevice } from '../project/runtime.ts';
import { findRewardReport } from '../reward/report-file.ts';
import { REWARD_REPORT_FILE, type RewardReport } from '../reward/run.ts';
import { rewardFolder } from '../reward/scorer.ts';
import { openDemoState } from './demo-state.ts';
import { DEMO_SCALES, type DemoScale, type DemoScaleName, settingsOf } from './scales.ts';
import { DEMO_EVALUATION, stagesOf } from './stages.ts';
import { type DemoSummary, summarise, summaryRows } from './summary.ts';

/** File name of the summary in the demo's folder. */
export const SUMMARY_FILE = 'summary.json';

export interface DemoOptions {
  /** Folder of the demo's project, relative to the working directory. */
  folder: string;
  scale?: DemoScaleName;
  seed?: number;
  /** Device for the networks; by default the device that the project in `folder` uses, or the CPU. */
  device?: DeviceSetting | undefined;
  signal?: AbortSignal;
  /** Called with sentences for the user on progress. */
  note?: (text: string) => void;
}

export interface DemoResult {
  readonly summary: DemoSummary;
  /** The summary table for the terminal. */
  readonly lines: readonly string[];
}

/** Runs all stages that are not finished, writes `summary.json` and returns the table. */
export async function runDemo(options: DemoOptions, progress: ProgressFactory): Promise<DemoResult> {
  const { folder, scale: scaleName = 'small', seed = 0, signal, note = () => {} } = options;
  const device = options.device && (await resolveDevice(options.device));
  const scale: DemoScale = DEMO_SCALES[scaleName];
  const root = resolve(folder);
  const project = existsSync(join(root, 'heed.toml'))
    ? await openProject(root)
    : await initProject(root, { overrides: settingsOf(scale, { seed, device }) });
  if (device !== undefined && device !== project.config.device) {
    throw badInput(
      `${root}: expected a demo on ${device}, found one on ${project.config.device}; another --out makes another demo`,
    );
  }
  const state = await openDemoState(project, { scale: scaleName, seed });
  const stages = stagesOf(scale);
  const open = stages.filter(({ name }) => !state.isFinished(name));
  if (open.length === 0) note(`${root}: this demo is finished; delete the folder to run it again`);
  else if (open.length < stages.length) note(`going on with stage '${open[0]!.name}'`);
  for (const [index, stage] of stages.entries()) {
    if (state.isFinished(stage.name)) continue;
    signal?.throwIfAborted();
    note(`[${index + 1}/${stages.length}] ${stage.says}`);
    await state.run(stage.name, () => stage.run({ project, scale, progress, note, signal }));
  }
  const summary = summarise({
    seed,
    wallSeconds: state.wallSeconds,
    peakRssMb: state.peakRssMb,
    evaluation: await readEvaluation(join(project.paths.runs, DEMO_EVALUATION, EVALUATION_FILE)),
    reward: await readReward(project),
  });
  await writeFileAtomically(join(root, SUMMARY_FILE), `${JSON.stringify(summary, null, 2)}\n`);
  return { summary, lines: screenLines(project, summary, state.seconds) };
}

function screenLines(project: Project, summary: DemoSummary, seconds: Readonly<Record<string, number>>): string[] {
  const times = Object.entries(seconds).map(([stage, value]) => `${stage} ${formatDuration(value)}`);
  return [
    '',
    'All judgements are by simulated raters; intervals are 95 % bootstrap intervals over prompts.',
    '',
    ...formatTable(summaryRows(summary)),
    '',
    `${formatDuration(summary.wallSeconds)} in all (${times.join(', ')}), peak memory ${summary.peakRssMb} MB`,
    `Report:  ${join(project.paths.reports, `${DEMO_EVALUATION}.html`)}`,
    `Summary: ${join(project.folder, SUMMARY_FILE)}`,
  ];
}

async function readReward(project: Project): Promise<RewardReport> {
  const path = join(rewardFolder(project, 'default'), REWARD_REPORT_FILE);
  const report = await findRewardReport(path);
  if (report === undefined) throw badInput(`${path}: expected what was measured of the reward, found no such file`);
  return report;
}
