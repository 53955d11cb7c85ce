/** Evaluates one run's model, both alone and with best-of-n; a finished evaluation is reused. */
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Evaluation } from '../evaluate/evaluation.ts';
import { EVALUATION_FILE, findEvaluation } from '../evaluate/evaluation-file.ts';
import { evaluationSettings, runEvaluate } from '../evaluate/run.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import { projectEvaluationPrompts } from '../prompts/index.ts';
import { findLineage } from '../rounds/lineage.ts';

export interface EvaluateRunInputs {
  /** Name of the evaluated run; the evaluation is stored as the run `<name>-evaluation`. */
  name: string;
  /** Name of the evaluated model, among whose images best-of-n chooses. */
  baseline: string;
  /**
   * A second model, which every evaluation needs. Images of this second model are reused from an earlier evaluation.
   */
  other: string;
  reward: string;
  signal: AbortSignal;
  note: (sentence: string) => void;
}

/**
 * Evaluates the run's model. If the earlier evaluation used other weights or settings, the model is evaluated again.
 */
export async function evaluateRun(
  project: Project,
  { name, baseline, other, reward, signal, note }: EvaluateRunInputs,
  progress: ProgressFactory,
): Promise<Evaluation> {
  const run = `${name}-evaluation`;
  const found = await findEvaluation(join(project.paths.runs, run, EVALUATION_FILE));
  if (found !== undefined && (await isCurrent(project, found, baseline))) return found;
  return runEvaluate(project, { name: run, baseline, models: [other], reward, signal, note }, progress);
}

async function isCurrent(project: Project, { arms, settings }: Evaluation, model: string): Promise<boolean> {
  const prompts = await projectEvaluationPrompts(project);
  if (!isDeepStrictEqual(settings, evaluationSettings(project, prompts.length))) return false;
  // The base has no lineage: another base is another project's, and its tuned models refuse to go on.
  const lineage = await findLineage(join(project.paths.models, model));
  return lineage === undefined || arms.find((arm) => arm.model === model)?.modelHash === lineage.modelHash;
}
