/** `heed next`: the unjudged images that a reward knows least about, as a list, a sheet or a queue. */
import { join } from 'node:path';
import { groupBy } from '../collections/group-by.ts';
import { badInput } from '../errors.ts';
import { askedOf } from '../feedback/label-kind.ts';
import { queriesOf } from '../feedback/queries.ts';
import { writeSheet } from '../feedback/sheet.ts';
import { createJsonLinesWriter } from '../files/json-lines.ts';
import { createImageStore, type ImageRecord, type ImageStore } from '../images/index.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { type Project, withLock } from '../project/index.ts';
import { mayLearnFrom } from '../reward/labelled-image.ts';
import { projectImages } from '../reward/project-images.ts';
import { readCountingEvents } from '../reward/project-labels.ts';
import { findRewardReport } from '../reward/report-file.ts';
import { REWARD_REPORT_FILE } from '../reward/run.ts';
import { openRewardScorer, rewardFolder } from '../reward/scorer.ts';
import { LABEL_QUEUE_FILE } from '../studio/rewards/label-queue.ts';
import { type RankedCandidate, rankCandidates, weakCategories } from './rank-images.ts';

export interface NextOptions {
  /** How many images. */
  count: number;
  set: string;
  reward: string;
  /** Write them into this CSV, as `heed label --sheet` does. */
  sheet?: string | undefined;
  /** Have the studio ask the queries that show them first. */
  queue: boolean;
  signal: AbortSignal;
}

export interface NextResult {
  readonly images: readonly RankedCandidate[];
  /** Images without a judgement. */
  readonly candidates: number;
  readonly weakCategories: readonly string[];
  /** Prompts with the most worth among the images, best first. */
  readonly prompts: readonly { readonly prompt: string; readonly images: number }[];
  /** Queries that were put before all others. */
  readonly queued: number;
}

export async function runNext(project: Project, options: NextOptions, progress: ProgressFactory): Promise<NextResult> {
  const { count, set, reward, sheet, queue, signal } = options;
  const store = createImageStore(project.paths.images);
  try {
    const open = await unjudgedImages(project, store, set);
    if (open.length === 0) {
      throw badInput(`expected images without a judgement in set '${set}', found none; heed generate draws more`);
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

async function unjudgedImages(project: Project, store: ImageStore, set: string): Promise<ImageRecord[]> {
  const judged = new Set((await readCountingEvents(project)).map(({ image }) => image));
  const images = await projectImages(project, store, { set });
  return images.filter((image) => mayLearnFrom(image) && !judged.has(image.id));
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

/** Puts the queries of the studio that show these images before all others; throws where a studio holds the queue. */
async function queueQueries(
  project: Project,
  images: readonly ImageRecord[],
  ofSet: readonly ImageRecord[],
): Promise<number> {
  const { imagesPerQuery, minImages } = askedOf(project.config.label);
  const queries = queriesOf(ofSet, imagesPerQuery).filter((query) => query.images.length >= minImages);
  const queryOf = new Map(queries.flatMap(({ id, images: shown }) => shown.map((image) => [image, id] as const)));
  const wanted = [...new Set(images.flatMap(({ id }) => queryOf.get(id) ?? []))];
  return withLock(project, 'studio', async () => {
    const writer = createJsonLinesWriter(join(project.folder, LABEL_QUEUE_FILE), { fsync: true });
    const time = new Date().toISOString();
    await writer.append(wanted.map((query) => ({ event: 'queued', time, query })));
    await writer.close();
    return wanted.length;
  });
}
