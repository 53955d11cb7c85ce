/** Compares the settings of runs. The settings come from the config file that each run has written. */
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import type { Project } from '../../project/project.ts';
import { findTuneResult } from '../../tune/result.ts';
import type { ProjectRun } from './list-runs.ts';

/** One setting with its value in each run, in the order of the runs; null where a run does not have the setting. */
export interface ComparedSetting {
  readonly path: string;
  readonly values: readonly (string | null)[];
  readonly differs: boolean;
}

/** Compares the settings of several runs; settings that differ come first. */
export function compareSettings(runs: readonly ProjectRun[]): ComparedSetting[] {
  const configs = runs.map(({ config }) => flatten(parseToml(config)));
  const paths = [...new Set(configs.flatMap((config) => [...config.keys()]))];
  return paths
    .map((path) => {
      const values = configs.map((config) => config.get(path) ?? null);
      return { path, values, differs: new Set(values).size > 1 };
    })
    .sort((a, b) => Number(b.differs) - Number(a.differs));
}

/** Describes the data that a finished tuning run learned from; empty for other runs. */
export async function describeLearning(project: Project, { id, command }: ProjectRun): Promise<readonly string[]> {
  const result = command === 'tune' ? await findTuneResult(join(project.paths.runs, id)) : undefined;
  if (result === undefined) return [];
  const { method = 'reward-weighted', steps, data } = result;
  return [
    `${method}, ${steps} updates`,
    `${data.labelled} labelled and ${data.unlabelled} unlabelled images`,
    ...(data.pretraining > 0 ? [`${data.pretraining} pre-training pairs`] : []),
    ...(data.meanReward === undefined ? [] : [`mean reward ${data.meanReward.toFixed(3)}`]),
  ];
}

function flatten(table: object, parent = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(table)) {
    const path = `${parent}${key}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      for (const [inner, text] of flatten(value, `${path}.`)) found.set(inner, text);
    } else found.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return found;
}
