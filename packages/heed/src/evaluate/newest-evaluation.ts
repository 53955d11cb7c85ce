/** Which evaluation of a project is the newest: by the time in its record, whatever its run is called. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../project/index.ts';
import type { Evaluation } from './evaluation.ts';
import { EVALUATION_FILE, findEvaluation } from './evaluation-file.ts';

/** Undefined where the project has no finished evaluation. Throws an `InputError` where a record is damaged. */
export async function newestEvaluation(project: Project): Promise<Evaluation | undefined> {
  const runs = await readdir(project.paths.runs).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  let newest: Evaluation | undefined;
  for (const run of runs.sort()) {
    const evaluation = await findEvaluation(join(project.paths.runs, run, EVALUATION_FILE));
    if (evaluation && (newest === undefined || evaluation.time >= newest.time)) newest = evaluation;
  }
  return newest;
}
