/** Pictures as the features that FID is computed on, for as long as they are needed. */
import type { ParameterValues } from '@heed/autodiff';
import { resizeBilinear } from '../images/resize-bilinear.ts';
import { checkRgbImage, type RgbImage } from '../images/rgb-image.ts';
import { INCEPTION_FEATURES, INCEPTION_SIDE, inception } from '../models/inception/inception.ts';
import { createModelRunner, type ModelRunner, type RuntimeOptions } from './model-runner.ts';

const PLANES = 3 * INCEPTION_SIDE ** 2;

/** Owns the compiled graph, not the weights. Calls may overlap; they take turns. */
export class InceptionEmbedder {
  /** Pictures that are worked on at once. */
  readonly batchSize: number;
  readonly #runner: ModelRunner;

  /** `parameters` are those of `loadInceptionFile`. */
  constructor(
    parameters: ParameterValues,
    { batchSize = 16, ...runtime }: RuntimeOptions & { batchSize?: number | undefined } = {},
  ) {
    this.batchSize = batchSize;
    this.#runner = createModelRunner({ name: 'Inception', parameters, ...runtime });
  }

  /**
   * Features [N, 2048] of at most `batchSize` pictures of any sizes. Each is resized to 299 x 299 as pytorch-fid does.
   * Always computes a whole batch: another size could round differently.
   */
  async features(
    images: readonly RgbImage[],
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array> {
    if (images.length < 1 || images.length > this.batchSize) {
      throw new Error(`inception: expected 1 to ${this.batchSize} pictures, got ${images.length}`);
    }
    const shape = [this.batchSize, 3, INCEPTION_SIDE, INCEPTION_SIDE];
    const pixels = new Float32Array(this.batchSize * PLANES);
    images.forEach((image, i) => {
      checkRgbImage(image, `image ${i}`);
      resizeBilinear(image, pixels.subarray(i * PLANES, (i + 1) * PLANES), INCEPTION_SIDE);
    });
    const network = await this.#runner.compiled('features', { pixels: { shape } }, (p, x) => ({
      features: inception(p, x),
    }));
    const { features } = await network.run({ pixels }, signal === undefined ? {} : { signal });
    return features.slice(0, images.length * INCEPTION_FEATURES);
  }

  /** Releases the graph; any call afterwards throws. */
  dispose(): Promise<void> {
    return this.#runner.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
