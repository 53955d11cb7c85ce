/**
 * `heed try`: generates images of one prompt with several models from the same noise. From n images of the first model,
 * the reward can choose the best one. The command waits while another command generates images. The images are stored
 * in a separate set; rewards and models learn from an image of this set only after somebody has judged it.
 */

import { imageSeed } from '../generate/image-seed.ts';
import { runGenerate } from '../generate/run.ts';
import { TRY_SET } from '../images/index.ts';
import { createImageStore } from '../images/store.ts';
import type { ProgressFactory } from '../progress/progress.ts';
import { type Project, withAwaitedLock } from '../project/index.ts';
import { CUSTOM_CATEGORY } from '../prompts/prompt.ts';
import { checkReward, openRewardScorer } from '../reward/scorer.ts';
import { appendTry, type TryRecord } from './try-log.ts';

export interface TryOptions {
  /** Id of the record in tries.jsonl; a page chooses the id, so that it can find the record later. */
  readonly id: string;
  readonly prompt: string;
  readonly models: readonly string[];
  /** Number of images shown for each model. */
  readonly count: number;
  /** Number of the first model's images from which the reward chooses the best one; 0 if the reward is not used. */
  readonly bestOf: number;
  readonly reward: string;
  readonly signal?: AbortSignal | undefined;
  readonly note?: ((text: string) => void) | undefined;
}

/**
 * Generates the missing images and appends the record to tries.jsonl; the n-th images of all models start from the same
 * noise.
 */
export async function runTry(project: Project, options: TryOptions, progress: ProgressFactory): Promise<TryRecord> {
  const { id, prompt, models, count, bestOf, reward, signal, note } = options;
  if (bestOf > 0) await checkReward(project, reward);
  const wanted = { text: prompt, category: CUSTOM_CATEGORY, holdout: false };
  const drawn: TryRecord['drawn'][number][] = [];
  for (const [place, model] of models.entries()) {
    const imagesPerPrompt = place === 0 ? Math.max(count, bestOf) : count;
    const { modelHash } = await runGenerate(
      project,
      {
        ...{ command: 'try', set: TRY_SET, model, prompts: [wanted], imagesPerPrompt, note },
        ...(signal === undefined ? {} : { signal }),
      },
      progress,
    );
    drawn.push({ model, images: idsOf(project, { prompt, modelHash, count: imagesPerPrompt }) });
  }
  const scores = bestOf > 0 ? await score(project, { ids: drawn[0]!.images.slice(0, bestOf), options, progress }) : [];
  const record: TryRecord = {
    id,
    time: new Date().toISOString(),
    prompt,
    count,
    drawn,
    ...(scores.length === 0 ? {} : { best: { reward, scores } }),
  };
  const waiting = { command: 'try', isAwaited: () => true, signal };
  await withAwaitedLock(project, 'try', waiting, () => appendTry(project, record));
  return record;
}

/** Ids of the prompt's images 0 to `count` - 1; an image's number determines its seed. */
function idsOf(
  { config, paths }: Project,
  { prompt, modelHash, count }: { prompt: string; modelHash: string; count: number },
): string[] {
  const { sampler, steps, guidanceScale } = config.sample;
  const all = createImageStore(paths.images).all({ set: TRY_SET, isWhole: true });
  return Array.from({ length: count }, (_, number) => {
    const seed = imageSeed({ runSeed: config.seed, set: TRY_SET, prompt, number });
    return all.find(
      (image) =>
        image.prompt === prompt &&
        image.modelHash === modelHash &&
        image.seed === seed &&
        image.sampler === sampler &&
        image.steps === steps &&
        image.guidanceScale === guidanceScale,
    )!.id;
  });
}

async function score(
  project: Project,
  {
    ids,
    options: { prompt, reward, signal },
    progress,
  }: { ids: readonly string[]; options: TryOptions; progress: ProgressFactory },
): Promise<number[]> {
  const aborting = signal === undefined ? {} : { signal };
  const store = createImageStore(project.paths.images);
  const scorer = await openRewardScorer(project, reward, { progress, ...aborting });
  try {
    const images = ids.map((id) => ({ id, prompt }));
    return [...(await scorer.score(images, (id) => store.read(id), aborting))];
  } finally {
    await scorer.close();
    await store.close();
  }
}
