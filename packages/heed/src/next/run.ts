/**
 * `heed next`: chooses the unjudged images about which a reward is least certain. The result is a list, a CSV sheet or
 * a queue for the studio.
 */
import { join } from 'node:path';
import { groupBy } from '../collections/group-by.ts';
import { badInput } from '../errors.ts';
import { askedOf } from '../feedback/label-kind.ts';
import { queriesOf } from '../feedback/queries.ts';
import { writeSheet } from '../feedback/sheet.ts';
import { createImageStore, type ImageRecord, type ImageStore } from '../images/index.ts';
import type { ProgressFactory } from '../progress/index.ts';
import type { Project } from '../project/index.ts';
import { findRewardReport } from '../reward/report-file.ts';
import { REWARD_REPORT_FILE } from '../reward/run.ts';
import { openRewardScorer, rewardFolder } from '../reward/scorer.ts';
import { appendToQueue } from '../studio/rewards/label-queue.ts';
import { type RankedCandidate, rankCandidates, weakCategories } from './rank-images.ts';
import { unjudgedImages } from './unjudged-images.ts';

export interface NextOptions {
  /** Number of images. */
  count: number;
  set: string;
  /** Name of the model whose images are ranked; without a name, the images of all models are ranked. */
  model?: string | undefined;
  reward: string;
  /** Path of a CSV file for the images, in the format of `heed label --sheet`. */
  sheet?: string | undefined;
  /** Whether the studio shows the queries that contain these images before other queries. */
  queue: boolean;
  signal: AbortSignal;
}

export interface NextResult {
  readonly images: readonly RankedCandidate[];
  /** Number of images without a judgement. */
  readonly candidates: number;
  readonly weakCategories: readonly string[];
  /** The prompts of the chosen images; prompts whose images are most useful to judge come first. */
  readonly prompts: readonly { readonly prompt: string; readonly images: number }[];
  /** Number of queries that were put into the studio's queue. */
  readonly queued: number;
}

export async function runNext(project: Project, options: NextOptions, progress: ProgressFactory): Promise<NextResult> {
  const { count, set, model, reward, sheet, queue, signal } = options;
  const store = createImageStore(project.paths.images);
  try {
    const open = await unjudgedImages(project, store, { set, model });
    if (open.length === 0) {
      const [by, how] = model === undefined ? ['', ''] : [` by model '${model}'`, ` --model ${model}`];
      throw badInput(
        `expected images without a judgement in set '${set}'${by}, found none; heed generate${how} draws more`,
      );
    }
    const report = await findRewardReport(join(rewardFolder(project, reward), REWARD_REPORT_FILE));
    const weak = weakCategories(report);
    const candidates = await scored(project, open, { reward, store, progress, signal });
    const images = rankCandidates(candidates, { weak, count });
    const records = images.map(({ id }) => store.get(id));
    if (sheet !== undefined) await writeSheet(project, sheet, records);
    const prompts = [...groupBy(images, ({ prompt }) => prompt)].map(([prompt, of]) => ({ prompt, images: of.length }));
    return {
      images,
      candidates: open.length,
      weakCategories: [...weak],
      prompts,
      queued: queue ? await queueQueries(project, records, store.all({ set, isWhole: true })) : 0,
    };
  } finally {
    await store.close();
  }
}

async function scored(
  project: Project,
  images: readonly ImageRecord[],
  {
    reward,
    store,
    progress,
    signal,
  }: { reward: string; store: ImageStore; progress: ProgressFactory; signal: AbortSignal },
) {
  const scorer = await openRewardScorer(project, reward, { progress, signal });
  const bar = progress({ total: images.length, label: 'score images', unit: 'image' });
  try {
    const onProgress = (done: number) => bar.update(done);
    const rewards = await scorer.score(images, (id) => store.read(id), { onProgress, signal });
    const spreads = await scorer.spread(images);
    return images.map(({ id, prompt, category }, i) => ({
      id,
      prompt,
      category,
      reward: rewards[i]!,
      spread: spreads[i]!,
    }));
  } finally {
    bar.done();
    await scorer.close();
  }
}

/**
 * Puts the queries that contain these images into the queue that the studio shows first; a running studio reads the new
 * queue.
 */
async function queueQueries(
  project: Project,
  images: readonly ImageRecord[],
  ofSet: readonly ImageRecord[],
): Promise<number> {
  const { imagesPerQuery, minImages } = askedOf(project.config.label);
  const queries = queriesOf(ofSet, imagesPerQuery).filter((query) => query.images.length >= minImages);
  const queryOf = new Map(queries.flatMap(({ id, images: shown }) => shown.map((image) => [image, id] as const)));
  const wanted = [...new Set(images.flatMap(({ id }) => queryOf.get(id) ?? []))];
  await appendToQueue(project, wanted);
  return wanted.length;
}
