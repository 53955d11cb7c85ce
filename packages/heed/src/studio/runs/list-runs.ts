/**
 * Lists the training and evaluation runs of a project, with the facts that decide what the owner can do with each run.
 * The module reads runs/ and models/ and changes nothing.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readResolvedHeader } from '../../config/index.ts';
import { EVALUATION_FILE } from '../../evaluate/evaluation-file.ts';
import { heldSince } from '../../project/lock.ts';
import { MODEL_INDEX_FILE } from '../../project/models.ts';
import type { Project } from '../../project/project.ts';
import { RESOLVED_CONFIG_FILE } from '../../project/run.ts';
import { REWARD_REPORT_FILE } from '../../reward/report.ts';
import { LORA_FILE } from '../../tune/lora-file.ts';
import { TUNE_RESULT_FILE } from '../../tune/result.ts';
import { namesUsedByRun } from '../rewards/reward-versions.ts';
import { archivedRuns } from './run-events.ts';

/** Commands whose runs are listed, each with the file that only a finished run has. */
const FINISHED_FILES = {
  tune: TUNE_RESULT_FILE,
  reward: REWARD_REPORT_FILE,
  evaluate: EVALUATION_FILE,
} as const;
export type RunCommand = keyof typeof FINISHED_FILES;

export interface ProjectRun {
  readonly id: string;
  readonly command: RunCommand;
  /** Start time, from the header of the run's config file. */
  readonly startedAt: string;
  readonly state: 'going' | 'finished' | 'unfinished';
  readonly isArchived: boolean;
  /** Whether a model of the run's name exists. */
  readonly hasModel: boolean;
  readonly hasLora: boolean;
  /** Names under which the reward that this run trained is in use. */
  readonly usedAs: readonly string[];
  /** Text of the run's config file (TOML), with all settings that the run used. */
  readonly config: string;
}

/** Lists the runs, newest first. */
export async function listRuns(project: Project): Promise<ProjectRun[]> {
  const archived = archivedRuns(project);
  const used = await namesUsedByRun(project);
  const runs: ProjectRun[] = [];
  for (const id of await namesIn(project.paths.runs)) {
    const folder = join(project.paths.runs, id);
    const config = await readFile(join(folder, RESOLVED_CONFIG_FILE), 'utf8').catch(() => undefined);
    const header = config === undefined ? undefined : readResolvedHeader(config);
    if (config === undefined || header === undefined || !isRunCommand(header.command)) continue;
    const model = join(project.paths.models, id);
    const isTuned = header.command === 'tune';
    runs.push({
      id,
      command: header.command,
      startedAt: header.time,
      state: existsSync(join(folder, FINISHED_FILES[header.command])) ? 'finished' : 'unfinished',
      isArchived: archived.has(id),
      hasModel: isTuned && existsSync(join(model, MODEL_INDEX_FILE)),
      hasLora: isTuned && existsSync(join(model, LORA_FILE)),
      usedAs: used.get(id) ?? [],
      config,
    });
  }
  runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  const going = await goingRuns(project, runs);
  return runs.map((run) => (going.has(run.id) ? { ...run, state: 'going' } : run));
}

function isRunCommand(command: string): command is RunCommand {
  return command in FINISHED_FILES;
}

/**
 * Ids of the runs in progress: for each command whose lock is taken, the newest run, if it was started under this lock.
 */
export async function goingRuns(
  project: Project,
  runs: readonly { readonly id: string; readonly command: string; readonly startedAt: string }[],
): Promise<Set<string>> {
  const going = new Set<string>();
  for (const command of new Set(runs.map((run) => run.command))) {
    const since = await heldSince(project.paths.state, command);
    const newest = runs.find((run) => run.command === command);
    // The config is written under the lock: an older one belongs to a run that ended before.
    if (since && newest && new Date(newest.startedAt) >= since) going.add(newest.id);
  }
  return going;
}

export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
