/** Draws everything that an evaluation looks at, by each model with the same seeds. */
import { drawBest } from '../generate/draw-best.ts';
import { createImageStore, EVALUATION_SET, FIDELITY_SET, OTHER_SET, PRUNED_SET } from '../images/index.ts';
import type { World } from '../ports.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import type { Prompt } from '../prompts/index.ts';
import type { EvaluationSettings } from './evaluation.ts';
import { type DrawnImages, drawEvaluationImages } from './evaluation-images.ts';
import { fidelityPrompts } from './fidelity.ts';

/** What is drawn by one model. */
export interface DrawnModel {
  readonly evaluation: DrawnImages;
  /** One image for each prompt outside the trained categories. */
  readonly others: DrawnImages;
  /** Absent where fidelity is left out. */
  readonly fidelity?: DrawnImages;
  /** The best of n with early pruning; of the first model alone, where the settings ask for it. */
  readonly pruned?: DrawnImages;
}

/** In the order of `models`. The first draws `settings.bestOf` images a prompt where a reward chooses among them. */
export async function drawModels(
  project: Project,
  options: {
    world: World;
    models: readonly string[];
    prompts: readonly Prompt[];
    others: readonly Prompt[];
    settings: EvaluationSettings;
    /** The reward that chooses the best of n; absent where there is none. */
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
          // All models draw the same prompts: once is enough.
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

/** Out of the candidates of full best-of-n, which have the same seeds. */
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
