/**
 * The images of an evaluation. `runGenerate` generates these images into separate image sets, with the same seeds for
 * every model. Rewards and models never learn from these sets.
 */
import { InputError } from '../errors.ts';
import { imageSeed } from '../generate/image-seed.ts';
import { runGenerate } from '../generate/run.ts';
import type { ImageRecord, ImageStore } from '../images/index.ts';
import type { Facts } from '../ports.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import type { Prompt } from '../prompts/index.ts';

/** A prompt whose facts are known, so that the world's recogniser can judge its images. */
export type JudgeablePrompt = Prompt & { readonly facts: Facts };

/** The images of one model: [prompt][number]. */
export interface DrawnImages {
  readonly model: string;
  readonly modelHash: string;
  readonly images: readonly (readonly ImageRecord[])[];
}

/**
 * Generates the missing images and returns all images. The n-th image of a prompt has the same seed for every model.
 */
export async function drawEvaluationImages(
  project: Project,
  options: {
    set: string;
    model: string;
    prompts: readonly Prompt[];
    imagesPerPrompt: number | ((prompt: Prompt) => number);
    /** Opens the image store again, so that it includes the newly generated images. */
    openStore: () => ImageStore;
    signal?: AbortSignal | undefined;
    note?: ((text: string) => void) | undefined;
  },
  progress: ProgressFactory,
): Promise<DrawnImages> {
  const { set, model, prompts, imagesPerPrompt, openStore, signal, note } = options;
  const { modelHash } = await runGenerate(
    project,
    { set, purpose: 'measure', model, prompts, imagesPerPrompt, note, ...(signal === undefined ? {} : { signal }) },
    progress,
  );
  const { sampler, steps, guidanceScale } = project.config.sample;
  const store = openStore();
  const purpose = 'measure' as const;
  const countOf = typeof imagesPerPrompt === 'number' ? () => imagesPerPrompt : imagesPerPrompt;
  const images = prompts.map((prompt) => {
    const found = Array.from({ length: countOf(prompt) }, (_, number) => {
      const { text, category, holdout } = prompt;
      const seed = imageSeed({ runSeed: project.config.seed, set, prompt: text, number });
      const sampled = { seed, model, modelHash, sampler, steps, guidanceScale };
      const recipe = { prompt: text, category, holdout, ...sampled, set, purpose };
      const record = store.find(recipe);
      if (!record) throw new InputError(`expected image ${number} of '${text}' by ${model} in set ${set}, found none`);
      return record;
    });
    // Images that the owner set aside are not measured.
    const standing = found.filter(({ id }) => store.stands(id));
    if (found.length > 0 && standing.length === 0) {
      throw new InputError(
        `expected an image of '${prompt.text}' by ${model} that is not set aside, all ${found.length} are; take one back in the studio`,
      );
    }
    return standing;
  });
  return { model, modelHash, images };
}
