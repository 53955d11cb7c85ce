/**
 * Computes 95 % confidence intervals of distances between two sets of pictures, by a jackknife over the first set. The
 * second set, the reference, is treated as fixed.
 */
import { INCEPTION_FEATURES } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import {
  cmmdByPart,
  type Interval,
  jackknife,
  jackknifeGroups,
  jackknifeInterval,
  momentsOf,
} from '../statistics/index.ts';
import { rowsAt } from './feature-rows.ts';
import type { FidMeter, FidStatistics } from './fid-meter.ts';
import type { Pictures } from './pictures/pictures.ts';

/**
 * The least number of pictures for an interval: the jackknife leaves one picture out, and a covariance needs two
 * pictures.
 */
export const FEWEST_PICTURES = 3;
/** Seed that assigns pictures to the jackknife's groups. */
const SEED = 0;

/**
 * Computes FID of `pictures` against `reference` and a 95 % interval, for which FID is computed ten more times.
 * Features are stored on disk (8 KB a picture), so that an interrupted measurement can continue. Throws for fewer than
 * three pictures.
 */
export async function fidInterval(meter: FidMeter, pictures: Pictures, reference: FidStatistics): Promise<Interval> {
  if (pictures.count < FEWEST_PICTURES) {
    throw badInput(
      `${pictures.label}: expected at least ${FEWEST_PICTURES} pictures for an interval, got ${pictures.count}`,
    );
  }
  const indices = Array.from({ length: pictures.count }, (_, index) => index);
  const keys = indices.map((index) => `${pictures.key} ${index}`);
  const rows = await meter.rowsOfPictures(pictures, keys);
  const groups = jackknifeGroups(pictures.count, SEED);
  const distances = await jackknife(groups, async (parts) => {
    const kept = indices.filter((index) => parts.includes(groups.partOf[index]!));
    return meter.distance(await momentsOf(rowsAt(rows, kept), INCEPTION_FEATURES), reference);
  });
  // Three pictures make three groups, so an interval exists.
  return jackknifeInterval(distances, groups, { least: 0 })!;
}

/**
 * Computes CMMD between embeddings [N, dimension] and the embeddings of the reference. The interval needs at least
 * three embeddings.
 */
export async function cmmdInterval(
  embeddings: Float32Array,
  reference: Float32Array,
  { dimension, ...options }: { dimension: number; signal?: AbortSignal | undefined; threads?: number | undefined },
): Promise<{ cmmd: number; interval?: Interval }> {
  const groups = jackknifeGroups(embeddings.length / dimension, SEED);
  const parts = groups.count + 1;
  const distances = await jackknife(
    groups,
    await cmmdByPart(embeddings, reference, dimension, { ...options, partOf: groups.partOf, parts }),
  );
  if (groups.units < FEWEST_PICTURES) return { cmmd: distances.value };
  return { cmmd: distances.value, interval: jackknifeInterval(distances, groups, { least: 0 })! };
}
