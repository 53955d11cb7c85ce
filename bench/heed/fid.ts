/**
 * The two halves of FID, as `heed fid` does them: statistics of a folder of pictures, and the distance between two of
 * them.
 */
import { join } from 'node:path';
import { InceptionEmbedder, loadInceptionFile } from '@heed/diffusion';
import { listPictures } from '../../packages/heed/src/fid/pictures/picture-folder.ts';
import { picturesOfFiles } from '../../packages/heed/src/fid/pictures/pictures.ts';
import { readStatistics } from '../../packages/heed/src/fid/statistics-file.ts';
import { sumFeatures } from '../../packages/heed/src/fid/sum-features.ts';
import { silentProgress } from '../../packages/heed/src/progress/index.ts';
import { frechetDistance, momentsOfSums } from '../../packages/heed/src/statistics/index.ts';
import { FILES, tensor } from '../inputs/files.ts';
import type { FidDistanceSettings, FidStatisticsSettings } from '../settings.ts';
import type { OpenOptions, Workload } from './workload.ts';

export async function openFidStatistics({
  folder,
  settings: { batchSize },
  threads,
  runtime,
}: OpenOptions<FidStatisticsSettings>): Promise<Workload> {
  const weights = await loadInceptionFile(join(folder, FILES.inception));
  const embedder = new InceptionEmbedder(weights, { ...runtime, threads, batchSize });
  // Nothing is put aside: each round computes all of it.
  const keeper = { load: async () => undefined, save: async () => {} };
  const measure = async () => {
    const { files } = await listPictures(join(folder, FILES.pictures));
    const pictures = await picturesOfFiles(files, { label: 'pictures' });
    return momentsOfSums(await sumFeatures(pictures, { embedder, keeper, progress: silentProgress, threads }));
  };
  return {
    async check() {
      const { mean, covariance } = await measure();
      return new Map([
        ['mean', tensor([mean.length], mean)],
        ['covariance', tensor([mean.length, mean.length], covariance)],
      ]);
    },
    runOnce: measure,
  };
}

export async function openFidDistance({ folder, threads }: OpenOptions<FidDistanceSettings>): Promise<Workload> {
  const [a, b] = [
    await readStatistics(join(folder, FILES.statistics[0])),
    await readStatistics(join(folder, FILES.statistics[1])),
  ];
  const measure = () => frechetDistance(a, b, { threads });
  return {
    check: async () => new Map([['distance', tensor([1], [await measure()])]]),
    runOnce: measure,
  };
}
