/**
 * All rewards that `heed reward` trained, one for each run, with their test results, and the names under which a reward
 * is in use. Reads files.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../../project/project.ts';
import { runTime } from '../../project/run.ts';
import { type CurvePoint, curveVerdict } from '../../reward/learning-curve.ts';
import { REWARD_REPORT_FILE, type RewardReport } from '../../reward/report.ts';
import { findRewardReport } from '../../reward/report-file.ts';
import { findRewardConfig } from '../../reward/reward-model.ts';
import { type CategoryTrust, trustWords } from '../../reward/trust.ts';

/** One trained reward. */
export interface RewardVersion {
  readonly run: string;
  readonly trainedAt: string;
  /** Names under which the reward is in use. A later training under the same name replaces the reward. */
  readonly usedAs: readonly string[];
  readonly report: RewardReport;
  /** How far the reward can be trusted in each category, with a description in words. */
  readonly trust: readonly (CategoryTrust & { readonly verdict: string })[];
  readonly learningCurve?: { readonly points: readonly CurvePoint[]; readonly verdict: string };
}

/** All versions, newest first. */
export async function readRewardVersions(project: Project): Promise<RewardVersion[]> {
  const used = await namesUsedByRun(project);
  const versions: RewardVersion[] = [];
  for (const run of await namesIn(project.paths.runs)) {
    const path = join(project.paths.runs, run, REWARD_REPORT_FILE);
    const report = await findRewardReport(path);
    if (report === undefined) continue;
    // Files of a copied project are as new as the copy.
    const trainedAt = (await runTime(project, run)) ?? '';
    const { trust = [], learningCurve } = report;
    versions.push({
      run,
      trainedAt,
      usedAs: used.get(run) ?? [],
      report,
      trust: trust.map((each) => ({ ...each, verdict: trustWords(each) })),
      ...(learningCurve && { learningCurve: { points: learningCurve.points, verdict: curveVerdict(learningCurve) } }),
    });
  }
  return versions.sort((a, b) => b.trainedAt.localeCompare(a.trainedAt));
}

/** Names of the rewards in models/, by the run that trained them. */
export async function namesUsedByRun(project: Project): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  for (const folder of await namesIn(project.paths.models)) {
    if (!folder.startsWith('reward-')) continue;
    const config = await findRewardConfig(join(project.paths.models, folder));
    const run = config?.training.run;
    if (typeof run === 'string') names.set(run, [...(names.get(run) ?? []), folder.slice('reward-'.length)]);
  }
  return names;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
