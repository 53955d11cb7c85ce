/** Pictures and weights by the formula of the reference numbers; statistics of random embeddings. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { INCEPTION_FEATURES, writeSafetensors } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { formulaInception, formulaPicture } from '@heed/diffusion/testing/inception-weights';
import sharp from 'sharp';
import { writeStatistics } from '../../packages/heed/src/fid/statistics-file.ts';
import { momentsOf } from '../../packages/heed/src/statistics/index.ts';
import type { FidDistanceSettings, FidStatisticsSettings } from '../settings.ts';
import { FILES, type Inputs } from './files.ts';

/** Writes the files that both sides read; there are no tensors. */
export async function fidStatisticsInputs(folder: string, { images, side }: FidStatisticsSettings): Promise<Inputs> {
  await writeSafetensors(join(folder, FILES.inception), formulaInception(), { dtype: 'F32' });
  const pictures = join(folder, FILES.pictures);
  await mkdir(pictures);
  for (let i = 0; i < images; i++) {
    const { width, height, data } = formulaPicture(`picture ${i}`, side, side);
    const path = join(pictures, `${String(i).padStart(4, '0')}.png`);
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(path);
  }
  return { tensors: new Map() };
}

/** The same: neighbouring features are correlated, and later ones vary less. */
export async function fidDistanceInputs(folder: string, { embeddings }: FidDistanceSettings): Promise<Inputs> {
  for (const [side, count] of embeddings.entries()) {
    const rows = createRandom(1)
      .fork(`side ${side}`)
      .fillNormal(new Float32Array(count * INCEPTION_FEATURES));
    for (let i = 0; i < rows.length; i++) {
      const column = i % INCEPTION_FEATURES;
      rows[i] = (column === 0 ? 0 : 0.7 * rows[i - 1]!) + (rows[i]! + 0.3 * side) / (1 + column / 100);
    }
    await writeStatistics(join(folder, FILES.statistics[side]!), await momentsOf(rows, INCEPTION_FEATURES));
  }
  return { tensors: new Map() };
}
