/** The evaluations of a project, sorted by the time in their files, not by the names of their runs. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import type { Evaluation } from './evaluation.ts';
import { EVALUATION_FILE, findEvaluation } from './evaluation-file.ts';

/** The newest finished evaluation; undefined when there is none. Throws an `InputError` for a damaged file. */
export async function newestEvaluation(project: Project): Promise<Evaluation | undefined> {
  return (await allEvaluations(project))[0];
}

/** All finished evaluations, newest first. Throws an `InputError` for a damaged file. */
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
  // The sort is stable: among equal times, the last by name comes first.
  return found.sort((a, b) => b.time.localeCompare(a.time));
}
