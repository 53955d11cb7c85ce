/** Generates all images of an evaluation, by each model with the same seeds. */
import { drawBest } from '../generate/draw-best.ts';
import { createImageStore, EVALUATION_SET, FIDELITY_SET, OTHER_SET, PRUNED_SET } from '../images/index.ts';
import type { World } from '../ports.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import type { Prompt } from '../prompts/index.ts';
import type { EvaluationSettings } from './evaluation.ts';
import { type DrawnImages, drawEvaluationImages } from './evaluation-images.ts';
import { fidelityPrompts } from './fidelity.ts';

/** The images that one model generates. */
export interface DrawnModel {
  readonly evaluation: DrawnImages;
  /** One image for each prompt outside the trained categories. */
  readonly others: DrawnImages;
  /** Images for the fidelity measure; undefined when the measure is switched off. */
  readonly fidelity?: DrawnImages;
  /**
   * The images of best-of-n with early pruning of candidates. Only the first model generates these images, and only if
   * the settings ask for pruning.
   */
  readonly pruned?: DrawnImages;
}

/**
 * Returns images in the order of `models`. If a reward is given, the first model generates at least `settings.bestOf`
 * images per prompt.
 */
export async function drawModels(
  project: Project,
  options: {
    world: World;
    models: readonly string[];
    prompts: readonly Prompt[];
    others: readonly Prompt[];
    settings: EvaluationSettings;
    /** Name of the reward for best-of-n; undefined when there is none. */
    reward: string | undefined;
    signal: AbortSignal | undefined;
    note: ((text: string) => void) | undefined;
  },
  progress: ProgressFactory,
): Promise<DrawnModel[]> {
  const { world, models, prompts, others, settings, reward, signal, note } = options;
  const { seed, imagesPerPrompt, fidelityImages } = settings;
  const openStore = () => createImageStore(project.paths.images);
  const captions = world.reference ? fidelityPrompts(world.reference, { seed, count: fidelityImages }) : [];
  const drawn: DrawnModel[] = [];
  for (const [index, model] of models.entries()) {
    const draw = (set: string, ofSet: readonly Prompt[], count: number) =>
      drawEvaluationImages(
        project,
        {
          model,
          openStore,
          signal,
          set,
          prompts: ofSet,
          imagesPerPrompt: count,
          // All models draw the same prompts, so the note is shown once.
          note: index === 0 && set === EVALUATION_SET ? note : undefined,
        },
        progress,
      );
    const count = index === 0 && reward !== undefined ? Math.max(imagesPerPrompt, settings.bestOf) : imagesPerPrompt;
    drawn.push({
      evaluation: await draw(EVALUATION_SET, prompts, count),
      others: await draw(OTHER_SET, others, 1),
      ...(index === 0 && reward !== undefined && project.config.evaluate.pruned
        ? { pruned: await drawPruned(project, { ...options, model, reward }, progress) }
        : {}),
      ...(captions.length === 0 ? {} : { fidelity: await draw(FIDELITY_SET, captions, 1) }),
    });
  }
  return drawn;
}

/**
 * Generates the images of best-of-n with early pruning; the candidates have the same seeds as in best-of-n without
 * pruning.
 */
function drawPruned(
  project: Project,
  {
    model,
    reward,
    prompts,
    settings,
    signal,
  }: Pick<Parameters<typeof drawModels>[1], 'prompts' | 'settings' | 'signal'> & { model: string; reward: string },
  progress: ProgressFactory,
): Promise<DrawnImages> {
  const { imagesPerPrompt: keep, bestOf: of } = settings;
  const purpose = 'measure' as const;
  return drawBest(
    project,
    { set: PRUNED_SET, seedsOf: EVALUATION_SET, purpose, model, prompts, keep, of, reward, signal },
    progress,
  );
}
