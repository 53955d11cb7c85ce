/** Renames or deletes a run together with the model that the run made. A run in progress cannot be changed. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../../errors.ts';
import type { Project } from '../../project/project.ts';
import { quote } from '../../text/nearest.ts';
import { findTuneResult, writeTuneResult } from '../../tune/result.ts';
import { checkModelName } from '../../tune/run.ts';
import { randomToken } from '../auth/secret.ts';
import type { ProjectRun } from './list-runs.ts';
import { appendRunEvent } from './run-events.ts';

/** Renames the run and its model. The records of pictures that the model generated keep the model's old name. */
export async function renameRun(project: Project, run: ProjectRun, to: string): Promise<void> {
  checkIdle(run);
  if (run.command !== 'tune') throw badInput(`expected a run of \`heed tune\`, got one of \`heed ${run.command}\``);
  checkModelName(project, to);
  const [oldRun, newRun] = [join(project.paths.runs, run.id), join(project.paths.runs, to)];
  const [oldModel, newModel] = [join(project.paths.models, run.id), join(project.paths.models, to)];
  if (existsSync(newRun) || existsSync(newModel)) {
    throw badInput(`expected a name that no run or model has, got ${quote(to)}`);
  }
  await appendRunEvent(project, { run: run.id, event: 'renamed', to });
  if (run.hasModel) await rename(oldModel, newModel);
  await rename(oldRun, newRun);
  const result = await findTuneResult(newRun);
  if (result) await writeTuneResult(newRun, { ...result, name: to, run: to, folder: newModel });
}

/** Removes the run's folder and the model that it made. */
export async function deleteRun(project: Project, run: ProjectRun): Promise<void> {
  checkIdle(run);
  if (run.usedAs.length > 0) {
    throw badInput(
      `expected a run whose reward is not in use, got that of the reward ${run.usedAs.map(quote).join(', ')}; train it again first`,
    );
  }
  await appendRunEvent(project, { run: run.id, event: 'deleted' });
  // Moved first: a run that is half deleted would be listed, and taken up again.
  const away = join(project.paths.state, 'deleted', randomToken());
  await mkdir(away, { recursive: true });
  await rename(join(project.paths.runs, run.id), join(away, 'run'));
  if (run.command === 'tune' && existsSync(join(project.paths.models, run.id))) {
    await rename(join(project.paths.models, run.id), join(away, 'model'));
  }
  await rm(away, { recursive: true, force: true });
}

function checkIdle({ id, state }: ProjectRun): void {
  if (state === 'going') throw badInput(`expected a run that has ended, ${quote(id)} goes on; stop it first`);
}
