/** Statistics of a set of pictures in pytorch-fid's format: `mu` and `sigma` in a .npz archive. */
import { INCEPTION_FEATURES, readNpz, writeNpz } from '@heed/diffusion';
import { badInput } from '../errors.ts';
import type { Moments } from '../statistics/index.ts';

/**
 * Tolerated asymmetry of a covariance, relative to its largest entry. float32 files round the two triangles of the
 * matrix separately.
 */
const ASYMMETRY = 1e-5;

export function isStatisticsFile(path: string): boolean {
  return path.endsWith('.npz');
}

/**
 * Reads mean [2048] and covariance [2048, 2048]. Throws for a file that holds no such statistics; the message begins
 * with `path`.
 */
export async function readStatistics(path: string): Promise<Moments> {
  const [mu, sigma] = await readNpz(path, ['mu', 'sigma']);
  const wanted = [[INCEPTION_FEATURES], [INCEPTION_FEATURES, INCEPTION_FEATURES]];
  [mu!, sigma!].forEach(({ shape, data }, i) => {
    const name = i === 0 ? 'mu' : 'sigma';
    if (shape.join() !== wanted[i]!.join()) {
      throw badInput(
        `${path}: ${name}: expected [${wanted[i]!.join(', ')}], the size of FID's features, got [${shape.join(', ')}]`,
      );
    }
    const bad = data.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw badInput(`${path}: ${name}: expected finite numbers, got ${data[bad]} at index ${bad}`);
  });
  checkCovariance(sigma!.data, path);
  return { mean: mu!.data, covariance: sigma!.data };
}

function checkCovariance(sigma: Float64Array, path: string): void {
  const size = INCEPTION_FEATURES;
  const largest = sigma.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < size; i++) {
    const variance = sigma[i * size + i]!;
    if (variance < -ASYMMETRY * largest) {
      throw badInput(`${path}: sigma: expected variances on the diagonal, got ${variance} at index ${i}`);
    }
    for (let j = 0; j < i; j++) {
      if (Math.abs(sigma[i * size + j]! - sigma[j * size + i]!) > ASYMMETRY * largest) {
        throw badInput(
          `${path}: sigma: expected a symmetric matrix, got ${sigma[i * size + j]} and ${sigma[j * size + i]} at [${i}, ${j}]`,
        );
      }
    }
  }
}

/** Writes statistics for pytorch-fid, atomically. */
export function writeStatistics(path: string, { mean, covariance }: Moments): Promise<void> {
  const size = mean.length;
  return writeNpz(
    path,
    new Map([
      ['mu', { shape: [size], data: mean }],
      ['sigma', { shape: [size, size], data: covariance }],
    ]),
  );
}
