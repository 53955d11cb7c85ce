/** Computes the Inception features of pictures, from which FID is computed. */
import { createHash } from 'node:crypto';
import type { ParameterValues } from '@heed/autodiff';
import { resizeBilinear } from '../images/resize-bilinear.ts';
import { checkRgbImage, type RgbImage } from '../images/rgb-image.ts';
import { INCEPTION_FEATURES, INCEPTION_SIDE, inception } from '../models/inception/inception.ts';
import { createModelRunner, type ModelRunner, type RuntimeOptions } from './model-runner.ts';

/** Number of input values of one picture: [3, 299, 299]. */
export const INCEPTION_PIXELS = 3 * INCEPTION_SIDE ** 2;

/** Writes a picture of any size to `target` [3, 299, 299], preprocessed as in pytorch-fid. */
export function writeInceptionPixels(image: RgbImage, target: Float32Array): void {
  checkRgbImage(image);
  resizeBilinear(image, target, INCEPTION_SIDE);
}

/** Owns the compiled graph, not the weights. Calls may overlap; overlapping calls run one after another. */
export class InceptionEmbedder {
  /** Number of pictures in a batch. */
  readonly batchSize: number;
  /** Hash of the weights, 16 hex digits. */
  readonly hash: string;
  readonly #runner: ModelRunner;

  /** `parameters` are the weights that `loadInceptionFile` returns. */
  constructor(
    parameters: ParameterValues,
    { batchSize = 16, ...runtime }: RuntimeOptions & { batchSize?: number | undefined } = {},
  ) {
    this.batchSize = batchSize;
    this.hash = hashParameters(parameters);
    this.#runner = createModelRunner({ name: 'Inception', parameters, ...runtime });
  }

  /**
   * Features [count, 2048] of the first `count` pictures of `pixels` [batchSize, 3, 299, 299], which
   * `writeInceptionPixels` fills. Always computes the whole batch, because another batch size could round differently.
   */
  async features(
    pixels: Float32Array,
    count: number,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array> {
    if (!(count >= 1 && count <= this.batchSize)) {
      throw new Error(`inception: expected 1 to ${this.batchSize} pictures, got ${count}`);
    }
    const shape = [this.batchSize, 3, INCEPTION_SIDE, INCEPTION_SIDE];
    const network = await this.#runner.compiled('features', { pixels: { shape } }, (p, x) => ({
      features: inception(p, x),
    }));
    const { features } = await network.run({ pixels }, signal === undefined ? {} : { signal });
    return features.slice(0, count * INCEPTION_FEATURES);
  }

  /** Releases the graph; any call afterwards throws. */
  dispose(): Promise<void> {
    return this.#runner.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

function hashParameters(parameters: ParameterValues): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of parameters) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex').slice(0, 16);
}
