/** The evaluations of a project by the time in their records, whatever their runs are called. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import type { Evaluation } from './evaluation.ts';
import { EVALUATION_FILE, findEvaluation } from './evaluation-file.ts';

/** Undefined where the project has no finished evaluation. Throws an `InputError` where a record is damaged. */
export async function newestEvaluation(project: Project): Promise<Evaluation | undefined> {
  return (await allEvaluations(project))[0];
}

/** All finished ones, the newest first. Throws an `InputError` where a record is damaged. */
export async function allEvaluations(project: Project): Promise<Evaluation[]> {
  const runs = await readdir(project.paths.runs).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found: Evaluation[] = [];
  for (const run of runs.sort().reverse()) {
    const evaluation = await findEvaluation(join(project.paths.runs, run, EVALUATION_FILE));
    if (evaluation) found.push(evaluation);
  }
  // Stable: of two of one time, the last by name comes first.
  return found.sort((a, b) => b.time.localeCompare(a.time));
}
