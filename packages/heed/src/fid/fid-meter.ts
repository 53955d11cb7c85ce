/**
 * Computes FID as pytorch-fid does: feature statistics from pictures or a .npz file, and the distance between two
 * statistics.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { InceptionEmbedder, loadInceptionFile } from '@heed/diffusion';
import type { Device, PrecisionOption } from '@heed/diffusion/autodiff';
import { badInput } from '../errors.ts';
import type { ProgressFactory } from '../progress/index.ts';
import { frechetDistance, type Moments, momentsOfSums } from '../statistics/index.ts';
import { featureRows } from './feature-rows.ts';
import type { Pictures } from './pictures/pictures.ts';
import { readStatistics } from './statistics-file.ts';
import { sumFeatures } from './sum-features.ts';
import { loadSums, saveSums } from './sums-cache.ts';

/** Feature statistics of one set of pictures. */
export interface FidStatistics extends Moments {
  /** Number of pictures; unknown for a .npz file. */
  readonly images?: number | undefined;
}

export interface FidMeter {
  /**
   * Computes the Inception features [count, 2048] of pictures. `keys` are the names under which the pictures' features
   * are cached.
   */
  rowsOfPictures(pictures: Pictures, keys: readonly string[]): Promise<Float32Array>;
  /** Computes the feature statistics of at least two pictures. */
  ofPictures(pictures: Pictures): Promise<FidStatistics>;
  /** Reads the feature statistics in a file that pytorch-fid wrote. */
  ofFile(path: string): Promise<FidStatistics>;
  distance(a: FidStatistics, b: FidStatistics): Promise<number>;
  /** Hash of the Inception weights, 16 hex digits; undefined until the weights are loaded. */
  inceptionHash(): string | undefined;
  close(): Promise<void>;
}

export interface FidMeterOptions {
  /** Returns the path of InceptionV3's weights. The function is called when the first pictures are measured. */
  inceptionFile: () => Promise<string>;
  /** Folder for cached feature sums. */
  cacheFolder: string;
  batchSize?: number | undefined;
  device?: Device | undefined;
  precision?: PrecisionOption | undefined;
  threads?: number | undefined;
  progress: ProgressFactory;
  signal?: AbortSignal | undefined;
}

/** Version of the feature computation. A new version invalidates all cached sums. */
const SUMS_VERSION = 1;

/** Opens a meter. The first measurement of pictures loads the Inception weights, and `close` releases the weights. */
export function openFidMeter(options: FidMeterOptions): FidMeter {
  const { inceptionFile, cacheFolder, batchSize, progress, signal, ...runtime } = options;
  const { threads } = runtime;
  let opened: Promise<InceptionEmbedder> | undefined;
  let hash: string | undefined;
  const open = async () => {
    const embedder = new InceptionEmbedder(await loadInceptionFile(await inceptionFile()), { batchSize, ...runtime });
    hash = embedder.hash;
    return embedder;
  };
  const { device = 'cpu', precision = 'auto' } = runtime;
  const keyOf = (facts: readonly unknown[]) =>
    createHash('sha256')
      .update(JSON.stringify([SUMS_VERSION, ...facts]))
      .digest('hex')
      .slice(0, 32);
  return {
    async rowsOfPictures(pictures, keys) {
      opened ??= open();
      const embedder = await opened;
      const name = keyOf([embedder.hash, embedder.batchSize, device, precision]);
      const cachePath = join(cacheFolder, `inception-${name}`);
      return featureRows(pictures, keys, { embedder, cachePath, progress, signal });
    },
    async ofPictures(pictures) {
      if (pictures.count < 2) {
        throw badInput(`${pictures.label}: expected at least 2 pictures, got ${pictures.count}`);
      }
      opened ??= open();
      const embedder = await opened;
      const key = keyOf([embedder.hash, embedder.batchSize, device, precision, pictures.count, pictures.key]);
      const keeper = {
        load: () => loadSums(cacheFolder, key),
        save: (sums: Parameters<typeof saveSums>[2]) => saveSums(cacheFolder, key, sums),
      };
      const sums = await sumFeatures(pictures, { embedder, keeper, progress, signal, threads });
      return { ...momentsOfSums(sums), images: pictures.count };
    },
    ofFile: readStatistics,
    async distance(a, b) {
      const distance = await frechetDistance(a, b, { signal, threads });
      if (!Number.isFinite(distance)) throw badInput(`expected statistics of a finite distance, got ${distance}`);
      return distance;
    },
    inceptionHash: () => hash,
    close: async () => (await opened?.catch(() => undefined))?.dispose(),
  };
}
