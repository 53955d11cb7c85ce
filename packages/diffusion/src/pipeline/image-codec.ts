/** Converts pictures to scaled latents and back in batches, by the VAE and its scaling factor. */
import { type VaeConfig, vaeScale } from '../configs/vae-config.ts';
import { imagesToPlanes, planesToImages } from '../images/planes.ts';
import type { RgbImage } from '../images/rgb-image.ts';
import { vaeDecode, vaeEncode } from '../models/vae.ts';
import { paddedBatches, rowOf, stackRows } from './batches.ts';
import type { ModelComponent } from './components.ts';
import { createModelRunner, type RuntimeOptions } from './model-runner.ts';

export interface ImageCodec {
  /**
   * Encodes pictures of one size to latents [N, C, h, w] times scaling_factor. The result is the encoder's mean, or a
   * sample if `noise` [N, C, h, w] is given.
   */
  encode(
    images: readonly RgbImage[],
    options: CodecOptions & { noise?: Float32Array | undefined },
  ): Promise<Float32Array>;
  /** Decodes scaled latents [N, C, h, w] to pictures of h*f x w*f pixels; f is the VAE's downsampling factor. */
  decode(latents: Float32Array, options: CodecOptions & { height: number; width: number }): Promise<RgbImage[]>;
  dispose(): Promise<void>;
}

export interface CodecOptions {
  batchSize: number;
  signal?: AbortSignal | undefined;
}

export function createImageCodec(
  { config, parameters }: ModelComponent<VaeConfig>,
  options: RuntimeOptions,
): ImageCodec {
  const runner = createModelRunner({ name: 'VAE', parameters, ...options });
  const { latent_channels: channels, scaling_factor: scale } = config;
  const shift = config.shift_factor ?? 0;
  const factor = vaeScale(config);

  return {
    async encode(images, { batchSize, noise, signal }) {
      if (images.length === 0) return new Float32Array();
      const { width, height } = images[0]!;
      const size = (channels * height * width) / factor ** 2;
      if (noise !== undefined && noise.length !== images.length * size) {
        throw new Error(`VAE noise: expected ${images.length * size} values, got ${noise.length}`);
      }
      const inputs = { pixels: { shape: [batchSize, config.in_channels, height, width] } };
      const encoder = await runner.compiled('encoder', inputs, (p, x) => ({ ...vaeEncode(p, config, x) }));
      const latents = new Float32Array(images.length * size);
      for (const { start, count, items } of paddedBatches(images, batchSize)) {
        const feeds = { pixels: imagesToPlanes(items) };
        const { mean, logVariance } = await encoder.run(feeds, signal === undefined ? {} : { signal });
        for (let i = 0; i < count * size; i++) {
          const at = start * size + i;
          const offset = noise === undefined ? 0 : Math.exp(0.5 * logVariance[i]!) * noise[at]!;
          latents[at] = (mean[i]! + offset - shift) * scale;
        }
      }
      return latents;
    },
    async decode(latents, { height, width, batchSize, signal }) {
      const size = channels * height * width;
      if (latents.length % size !== 0) {
        throw new Error(`latents: expected whole samples of ${size} values, got ${latents.length} values`);
      }
      const inputs = { latents: { shape: [batchSize, channels, height, width] } };
      const decoder = await runner.compiled('decoder', inputs, (p, x) => ({ pixels: vaeDecode(p, config, x) }));
      const rows = Array.from({ length: latents.length / size }, (_, row) => rowOf(latents, row, size));
      const images: RgbImage[] = [];
      for (const { count, items } of paddedBatches(rows, batchSize)) {
        const feeds = { latents: stackRows(items).map((value) => value / scale + shift) };
        const { pixels } = await decoder.run(feeds, signal === undefined ? {} : { signal });
        const decoded = planesToImages(pixels, { height: height * factor, width: width * factor });
        images.push(...decoded.slice(0, count));
      }
      return images;
    },
    dispose: () => runner.dispose(),
  };
}
