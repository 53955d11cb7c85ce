/**
 * D_model of a project: images of the base model, labelled or not, each with its learned reward. Once chosen for a run
 * it is written beside it, so that labels that come later do not change a run under way.
 */
import { z } from 'zod';
import { badInput } from '../errors.ts';
import { purposeOf } from '../feedback/index.ts';
import type { ImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { labelImages, mayLearnFrom } from '../reward/labelled-image.ts';
import { readCountingEvents, uniqueById } from '../reward/project-labels.ts';
import type { RewardScorer } from '../reward/scorer.ts';
import type { ModelSample } from './data.ts';
import type { TuneStreams } from './options.ts';
import { readRunChoice, writeRunChoice } from './run-choice.ts';

const Sample = z.object({
  image: z.string(),
  prompt: z.string(),
  reward: z.number().min(0).max(1),
  labelled: z.boolean(),
});

/** What decides which images are chosen, besides the project itself. */
export interface SampleChoice {
  reward: string;
  streams: TuneStreams;
}

/** Reads the samples that an earlier start of the run chose in the same way, or undefined. */
export function readModelSamples(path: string, choice: SampleChoice): Promise<ModelSample[] | undefined> {
  return readRunChoice(path, { choice, entries: Sample });
}

/**
 * Chooses and scores the samples. Only images that may be learned from and that the base model made: others would
 * teach it another model's habits. Images that raters skipped are left out, as in the paper.
 */
export async function chooseModelSamples(
  project: Project,
  inputs: {
    store: ImageStore;
    scorer: Pick<RewardScorer, 'score'>;
    baseHash: string;
    streams: TuneStreams;
    onProgress?: (done: number, total: number) => void;
    signal?: AbortSignal;
  },
): Promise<ModelSample[]> {
  const { store, scorer, baseHash, streams } = inputs;
  const images = uniqueById(store.all()).filter((image) => mayLearnFrom(image) && image.modelHash === baseHash);
  const events = await readCountingEvents(project);
  // An image that only measured raters, or that only raters who are set aside judged, is judged by nobody.
  const judged = new Set(events.filter((event) => purposeOf(event) === 'feedback').map(({ image }) => image));
  const labelled = labelImages(images, events).map(({ image }) => image);
  const unlabelled = images.filter(({ id }) => !judged.has(id));
  const chosen = [...(streams.labelled ? labelled : []), ...(streams.unlabelled ? unlabelled : [])];
  if (chosen.length === 0) {
    throw badInput(
      `tuning needs images of the base model (${baseHash}) to learn from, got none: ${images.length} are of it, ${labelled.length} of these labelled`,
    );
  }
  const rewards = await scorer.score(chosen, (id) => store.read(id), {
    ...(inputs.onProgress ? { onProgress: inputs.onProgress } : {}),
    ...(inputs.signal ? { signal: inputs.signal } : {}),
  });
  return chosen.map(({ id, prompt }, i) => ({
    image: id,
    prompt,
    reward: rewards[i]!,
    labelled: streams.labelled && i < labelled.length,
  }));
}

/** Writes the samples of a run, durably. */
export function writeModelSamples(path: string, choice: SampleChoice, samples: readonly ModelSample[]): Promise<void> {
  return writeRunChoice(path, choice, samples);
}
