/**
 * Sums of Inception features over pictures, from which mean and covariance are computed. Each picture is read once and
 * not kept in memory.
 */
import { INCEPTION_FEATURES, INCEPTION_PIXELS, type InceptionEmbedder, writeInceptionPixels } from '@heed/diffusion';
import type { ProgressFactory } from '../progress/index.ts';
import { createMomentsAccumulator, type MomentSums, type MomentsAccumulator } from '../statistics/index.ts';
import { type Pictures, readInOrder } from './pictures/pictures.ts';

/** Saves partial feature sums during a measurement, and loads the saved sums when the measurement is resumed. */
export interface SumsKeeper {
  load(): Promise<MomentSums | undefined>;
  save(sums: MomentSums): Promise<void>;
}

/**
 * Time between two saves of the feature sums; an interruption loses at most the work of this time. A save writes 34 MB,
 * which is cheap once in this time.
 */
const SAVE_EVERY_MS = 60_000;

/**
 * Sums the features of all `pictures`, starting from the sums that `keeper` loads. After an interruption or an error,
 * the sums of the finished pictures are saved. The same pictures give bit-identical sums, with or without an
 * interruption.
 */
export async function sumFeatures(
  pictures: Pictures,
  {
    embedder,
    keeper,
    progress,
    signal,
    threads,
  }: {
    embedder: InceptionEmbedder;
    keeper: SumsKeeper;
    progress: ProgressFactory;
    signal?: AbortSignal | undefined;
    threads?: number | undefined;
  },
): Promise<MomentSums> {
  const { batchSize } = embedder;
  const before = await keeper.load();
  const resume = before !== undefined && isReached(before.count, pictures.count, batchSize) ? before : undefined;
  if (resume?.count === pictures.count) return resume;
  const sums = await createMomentsAccumulator({ dimension: INCEPTION_FEATURES, batchSize, resume, threads });
  const bar = progress({ total: pictures.count, label: `features of ${pictures.label}`, unit: 'image' });
  if (sums.count > 0) bar.update(sums.count);
  let saved = sums.count;
  const save = async () => {
    if (sums.count > saved) await keeper.save(sums.sums());
    saved = sums.count;
  };
  try {
    let lastSaving = performance.now();
    for await (const added of addBatches(pictures, { sums, embedder, signal })) {
      bar.update(added);
      if (performance.now() - lastSaving < SAVE_EVERY_MS) continue;
      await save();
      lastSaving = performance.now();
    }
    bar.done();
    return sums.sums();
  } finally {
    await save();
    sums.dispose();
  }
}

/** Whether a batch ends after `count` pictures. */
function isReached(count: number, total: number, batchSize: number): boolean {
  return count > 0 && (count === total || (count < total && count % batchSize === 0));
}

/**
 * Adds the pictures batch by batch and yields the count after each. The next batch is read while the network processes
 * the current one.
 */
async function* addBatches(
  pictures: Pictures,
  {
    sums,
    embedder,
    signal,
  }: { sums: MomentsAccumulator; embedder: InceptionEmbedder; signal?: AbortSignal | undefined },
): AsyncGenerator<number> {
  const { batchSize } = embedder;
  let [pixels, spare] = [0, 1].map(() => new Float32Array(batchSize * INCEPTION_PIXELS)) as [
    Float32Array,
    Float32Array,
  ];
  let filled = 0;
  let working: Promise<void> | undefined;
  const embed = async (batch: Float32Array, count: number) =>
    sums.add(await embedder.features(batch, count, { signal }));
  try {
    let read = sums.count;
    for await (const image of readInOrder(pictures, sums.count)) {
      signal?.throwIfAborted();
      writeInceptionPixels(image, pixels.subarray(filled * INCEPTION_PIXELS, (filled + 1) * INCEPTION_PIXELS));
      filled += 1;
      read += 1;
      if (filled < batchSize && read < pictures.count) continue;
      await working;
      if (sums.count > 0) yield sums.count;
      working = embed(pixels, filled);
      // Awaited below. Until then, a rejection must not count as unhandled.
      working.catch(() => undefined);
      [pixels, spare] = [spare, pixels];
      filled = 0;
    }
    await working;
    working = undefined;
    yield sums.count;
  } finally {
    await working?.catch(() => undefined);
  }
}
