/**
 * `heed evaluate`: compares a baseline, other models and best-of-n on the project's evaluation prompts. Each figure
 * names its judge. The results are written to runs/<id>/evaluation.json. Rewards and models never learn from the
 * evaluation's images.
 */
import { join } from 'node:path';
import { checkModel } from '@heed/diffusion';
import { writeFileAtomically } from '@heed/diffusion/files';
import { badInput } from '../errors.ts';
import { createImageStore } from '../images/index.ts';
import { worldOf } from '../parts.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { modelFolder, type Project, startRun, withLock } from '../project/index.ts';
import { weightsOptions } from '../project/model-weights.ts';
import { type Prompt, projectEvaluationPrompts } from '../prompts/index.ts';
import { withoutLearned } from '../reward/project-images.ts';
import { findRewardConfig } from '../reward/reward-model.ts';
import { rewardFolder } from '../reward/scorer.ts';
import type { Arm } from './arm.ts';
import { type DrawnModel, drawModels } from './draw-arms.ts';
import { type Evaluation, type EvaluationSettings, type GalleryItem, isModelArm } from './evaluation.ts';
import { EVALUATION_FILE } from './evaluation-file.ts';
import { galleryOf } from './gallery.ts';
import { judgeDrawn } from './judge-drawn.ts';
import { otherPrompts } from './other-prompts.ts';

const GALLERY_PROMPTS = 12;
export interface EvaluateRunOptions {
  /** Models to compare with the baseline. Raters see the images of the first model. */
  models: readonly string[];
  /** The baseline model; by default the project's base. */
  baseline?: string | undefined;
  /** Name of the reward that picks the best of n; by default 'default', if it exists. */
  reward?: string | undefined;
  /** Name of the run; 'evaluate-0001' and so on by default. */
  name?: string;
  signal?: AbortSignal;
  /** Called with sentences for the user. */
  note?: ((text: string) => void) | undefined;
}

/**
 * Generates images with all models, judges and compares the images, and writes the result. A repeated run reuses the
 * images of the first run.
 */
export async function runEvaluate(
  project: Project,
  options: EvaluateRunOptions,
  progress: ProgressFactory,
): Promise<Evaluation> {
  return withLock(project, 'evaluate', () => evaluate(project, options, progress));
}

async function evaluate(project: Project, options: EvaluateRunOptions, progress: ProgressFactory): Promise<Evaluation> {
  const { models, name, signal, note } = options;
  const baseline = options.baseline ?? project.config.model.name;
  if (models.length === 0) throw badInput('expected at least one model to evaluate, got none');
  if (models.includes(baseline)) throw badInput(`expected models other than the baseline, got '${baseline}' for both`);
  // Checked first, before hours of drawing.
  for (const model of [baseline, ...models]) {
    await checkModel(await modelFolder(project, model, { progress, signal, note }), weightsOptions(project, model));
  }
  const world = await worldOf(project.config);
  const prompts = await evaluationPrompts(project, note);
  const reward = await chosenReward(project, options.reward);
  const settings = evaluationSettings(project, prompts.length);
  const run = await startRun(project, { command: 'evaluate', ...(name === undefined ? {} : { name }) });
  const others = otherPrompts(project.config.evaluate.otherPrompts, prompts);
  const drawn = await drawModels(
    project,
    {
      world,
      models: [baseline, ...models],
      prompts,
      others,
      settings,
      reward,
      signal,
      note,
    },
    progress,
  );
  const judged = await judgeDrawn({ project, world, drawn, prompts, settings, reward, signal }, progress);
  const { arms, recognitions, results, ...findings } = judged;
  const shown = arms.filter(isModelArm);
  const evaluation: Evaluation = {
    version: 2,
    run: run.id,
    time: new Date().toISOString(),
    settings,
    world: world.name,
    prompts: prompts.map(({ text, category, holdout }) => ({ text, category, holdout })),
    arms: results,
    ...findings,
    gallery: galleryOf(shown, prompts, { judge: world.judge, recognitions, limit: GALLERY_PROMPTS }),
    others: othersOf(shown, drawn, others),
  };
  await writeFileAtomically(join(run.folder, EVALUATION_FILE), `${JSON.stringify(evaluation, null, 1)}\n`);
  return evaluation;
}

/**
 * The project's evaluation prompts. If a reward or model learned from images of a prompt, that prompt is no longer
 * marked as held out.
 */
async function evaluationPrompts(project: Project, note: EvaluateRunOptions['note']): Promise<Prompt[]> {
  const listed = await projectEvaluationPrompts(project);
  const prompts = await withoutLearned(project, createImageStore(project.paths.images), listed);
  const learned = prompts.filter(({ holdout }, index) => holdout !== listed[index]!.holdout).length;
  if (learned > 0) {
    note?.(
      `${learned} of ${prompts.length} evaluation prompts have images to learn from, so that they do not count as held out`,
    );
  }
  return prompts;
}

/** The reward's name: `name` if given, else 'default' if the project has a reward called that. */
async function chosenReward(project: Project, name: string | undefined): Promise<string | undefined> {
  if (name !== undefined) return name;
  return (await findRewardConfig(rewardFolder(project, 'default'))) ? 'default' : undefined;
}

/** Arranges the images of prompts outside the trained categories: for each prompt, one image of every model. */
function othersOf(arms: readonly Arm[], drawn: readonly DrawnModel[], prompts: readonly Prompt[]): GalleryItem[] {
  return galleryOf(
    arms.map((arm, index) => ({ ...arm, images: drawn[index]!.others.images })),
    prompts,
    { recognitions: new Map(), limit: 0 },
  );
}

/** The settings that affect an evaluation's figures, besides models and prompts. */
export function evaluationSettings({ config }: Project, prompts: number): EvaluationSettings {
  const { imagesPerPrompt, bestOf: drawn, raters, fidelityImages } = config.evaluate;
  const { sampler, steps, guidanceScale } = config.sample;
  return {
    seed: config.seed,
    prompts,
    imagesPerPrompt,
    bestOf: drawn,
    raters,
    fidelityImages,
    sampler,
    steps,
    guidanceScale,
  };
}
