/**
 * The stages of the demo in order. Each stage calls the same function as the command with the stage's name. A stage
 * continues from existing work, so that it can be stopped and repeated.
 */
import { ABLATIONS } from '../evaluate/ablations.ts';
import { drawEvaluationImages } from '../evaluate/evaluation-images.ts';
import { runEvaluate } from '../evaluate/run.ts';
import { runSimulatedLabelling } from '../feedback/simulate.ts';
import { runGenerate } from '../generate/run.ts';
import { createImageStore, EVALUATION_SET } from '../images/index.ts';
import { paperPrompts } from '../parts.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { openProject, type Project } from '../project/index.ts';
import { projectEvaluationPrompts, selectPrompts } from '../prompts/index.ts';
import { runReport } from '../report/run.ts';
import { REWARD_VARIANTS } from '../reward/report.ts';
import { runReward } from '../reward/run.ts';
import { runTune } from '../tune/run.ts';
import type { DemoScale } from './scales.ts';

/** Name of the run that contains the demo's evaluation. */
export const DEMO_EVALUATION = 'evaluate-demo';

export interface StageContext {
  readonly project: Project;
  readonly scale: DemoScale;
  readonly progress: ProgressFactory;
  readonly note: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Stage {
  readonly name: string;
  /** Description for the terminal. */
  readonly says: string;
  run(context: StageContext): Promise<void>;
}

/** All stages of a scale. */
export function stagesOf(scale: DemoScale): Stage[] {
  return [
    { name: 'generate', says: 'drawing images of the training prompts', run: generateTraining },
    { name: 'generate-unlabelled', says: 'drawing images that are not judged', run: generateUnlabelled },
    { name: 'generate-evaluation', says: 'drawing the base model on the evaluation prompts', run: generateEvaluation },
    { name: 'label', says: 'simulated raters judge', run: label },
    { name: 'reward', says: 'learning the reward', run: reward },
    { name: 'tune', says: 'tuning the model', run: (context) => tune(context, 'tuned', []) },
    ...(scale.ablations ? ABLATIONS : []).map(
      ({ model, label: what, overrides }): Stage => ({
        name: `tune-${model}`,
        says: `tuning for table 3: ${what}`,
        run: (context) => tune(context, model, overrides),
      }),
    ),
    { name: 'evaluate', says: 'comparing base, tuned and best of n', run: evaluate },
    { name: 'report', says: 'writing the report', run: report },
  ];
}

function aborting({ signal }: StageContext): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

async function generateTraining(context: StageContext): Promise<void> {
  await runGenerate(context.project, { set: 'train', ...aborting(context) }, context.progress);
}

async function generateUnlabelled(context: StageContext): Promise<void> {
  const { unlabelledPrompts, imagesPerUnlabelledPrompt } = context.scale;
  const prompts = selectPrompts((await paperPrompts()).training(), unlabelledPrompts);
  const options = { set: 'unlabelled', prompts, imagesPerPrompt: imagesPerUnlabelledPrompt, ...aborting(context) };
  await runGenerate(context.project, options, context.progress);
}

/**
 * Generates the evaluation images before the reward training, because these images test the reward. Unseen objects
 * appear in no other images.
 */
async function generateEvaluation(context: StageContext): Promise<void> {
  const { project, progress, signal } = context;
  const { bestOf, imagesPerPrompt } = project.config.evaluate;
  await drawEvaluationImages(
    project,
    {
      set: EVALUATION_SET,
      model: project.config.model.name,
      prompts: await projectEvaluationPrompts(project),
      imagesPerPrompt: Math.max(bestOf, imagesPerPrompt),
      openStore: () => createImageStore(project.paths.images),
      signal,
    },
    progress,
  );
}

/** Labels images. Labels of evaluation images only test the reward, which never learns from them. */
async function label(context: StageContext): Promise<void> {
  for (const set of ['train', EVALUATION_SET]) {
    await runSimulatedLabelling(context.project, { set, ...aborting(context) }, context.progress);
  }
}

async function reward(context: StageContext): Promise<void> {
  const { warnings } = await runReward(
    context.project,
    { variants: REWARD_VARIANTS, learningCurve: false, ...aborting(context) },
    context.progress,
  );
  for (const warning of warnings) context.note(warning);
}

async function tune(context: StageContext, name: string, overrides: readonly string[]): Promise<void> {
  const { project, progress, note } = context;
  const own = overrides.length === 0 ? project : await openProject(project.folder, { overrides });
  await runTune(own, { name, note, ...aborting(context) }, progress);
}

async function evaluate(context: StageContext): Promise<void> {
  const { project, scale, progress } = context;
  const models = ['tuned', ...(scale.ablations ? ABLATIONS.map(({ model }) => model) : [])];
  await runEvaluate(project, { models, reward: 'default', name: DEMO_EVALUATION, ...aborting(context) }, progress);
}

async function report(context: StageContext): Promise<void> {
  const { project, scale, progress } = context;
  const options = {
    run: DEMO_EVALUATION,
    title: 'heed demo: the whole loop on the emoji world',
    facts: { scale: scale.description },
  };
  await runReport(project, { ...options, ...aborting(context) }, progress);
}
