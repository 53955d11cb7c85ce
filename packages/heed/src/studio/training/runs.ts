/** Reads the training runs of a project: their settings, their metrics so far, and their sample grids. Reads runs/. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Project } from '../../project/project.ts';
import { listRuns, namesIn } from '../runs/list-runs.ts';

/** The commands whose training runs the studio shows. */
export type TrainingCommand = 'tune' | 'reward';

/** Subfolders of a run that have a metrics.jsonl, each with the name of its curve; '' is the run's folder. */
const CURVES = { '': 'main', plain: 'without the auxiliary task', half: 'half the images' } as const;
const SAMPLES_FOLDER = 'samples';

export interface TrainingRun {
  readonly id: string;
  readonly command: TrainingCommand;
  readonly startedAt: string;
  /** Whether a process is executing the run now. */
  readonly isGoing: boolean;
  /** Whether the run was stopped or failed before its end. */
  readonly isUnfinished: boolean;
}

/** The name of one training curve of a run, and the folder that contains its metrics.jsonl. */
export interface CurveSource {
  readonly name: string;
  readonly folder: string;
}

/** All runs of `heed tune` and `heed reward` that are not archived, the newest first. */
export async function readTrainingRuns(project: Project): Promise<TrainingRun[]> {
  return (await listRuns(project)).flatMap(({ id, command, startedAt, state, isArchived }) =>
    command === 'evaluate' || isArchived
      ? []
      : [{ id, command, startedAt, isGoing: state === 'going', isUnfinished: state === 'unfinished' }],
  );
}

/** The sources of all curves of a run: the main training, and further trainings stored in subfolders of the run. */
export async function readCurveSources(project: Project, id: string): Promise<CurveSource[]> {
  const inside = new Set(await namesIn(join(project.paths.runs, id)));
  return Object.entries(CURVES).flatMap(([folder, name]) =>
    folder === '' || inside.has(folder) ? [{ name, folder: join(project.paths.runs, id, folder) }] : [],
  );
}

/** Training steps for which a sample grid is stored, in ascending order. */
export async function readSampleSteps(project: Project, id: string): Promise<number[]> {
  const names = await namesIn(join(project.paths.runs, id, SAMPLES_FOLDER));
  return names
    .flatMap((name) => /^step-(\d+)\.png$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The sample grid of the training step as a PNG; undefined when no grid is stored for this step. */
export async function readSample(project: Project, id: string, step: number): Promise<Uint8Array | undefined> {
  if (!(await readSampleSteps(project, id)).includes(step)) return undefined;
  const name = `step-${String(step).padStart(8, '0')}.png`;
  return readFile(join(project.paths.runs, id, SAMPLES_FOLDER, name));
}
