/**
 * Prepares pictures as transformers' CLIPImageProcessor does: shortest-edge bicubic resize, centre crop, rescale,
 * normalise.
 */
import type { ImageProcessorConfig } from '../configs/image-processor-config.ts';
import { resizeBicubic } from './resize.ts';
import { checkRgbImage, type RgbImage } from './rgb-image.ts';

/**
 * Converts pictures of any sizes to the vision tower's input [N, 3, S, S]; a picture of the right size is not
 * resampled.
 */
export function clipPixels(images: readonly RgbImage[], config: ImageProcessorConfig): Float32Array {
  const prepared = images.map((image, index) => {
    checkRgbImage(image, `image ${index}`);
    const resized = config.do_resize ? resizeBicubic(image, targetSize(image, config)) : image;
    return config.do_center_crop ? centerCrop(resized, config.crop_size) : resized;
  });
  const { width, height } = prepared[0]!;
  const area = width * height;
  const pixels = new Float32Array(prepared.length * 3 * area); // [N, 3, H, W]
  prepared.forEach((image, index) => {
    if (image.width !== width || image.height !== height) {
      throw new Error(
        `image ${index}: expected ${width} x ${height} like the first, got ${image.width} x ${image.height}`,
      );
    }
    for (let channel = 0; channel < 3; channel++) {
      const table = normalisedBytes(config, channel);
      const start = (index * 3 + channel) * area;
      for (let i = 0; i < area; i++) pixels[start + i] = table[image.data[3 * i + channel]!]!;
    }
  });
  return pixels;
}

function targetSize({ width, height }: RgbImage, { size }: ImageProcessorConfig): { width: number; height: number } {
  if (!('shortest_edge' in size)) return size;
  const edge = size.shortest_edge;
  return width <= height
    ? { width: edge, height: Math.trunc((edge * height) / width) }
    : { width: Math.trunc((edge * width) / height), height: edge };
}

/** Crops an image around its centre. If the image is smaller than the crop, the area outside it is black. */
function centerCrop(image: RgbImage, { width, height }: { width: number; height: number }): RgbImage {
  if (image.width === width && image.height === height) return image;
  const [top, left] = [cropStart(image.height, height), cropStart(image.width, width)];
  const data = new Uint8Array(3 * width * height);
  for (let y = Math.max(0, -top); y < Math.min(height, image.height - top); y++) {
    const from = Math.max(0, -left);
    const to = Math.min(width, image.width - left);
    const row = 3 * ((y + top) * image.width + left);
    data.set(image.data.subarray(row + 3 * from, row + 3 * to), 3 * (y * width + from));
  }
  return { width, height, data };
}

/**
 * First pixel of the crop along one axis. If the image is too small, transformers pads both ends and rounds the padding
 * up.
 */
function cropStart(from: number, to: number): number {
  return from >= to ? Math.floor((from - to) / 2) : -Math.ceil((to - from) / 2);
}

/** A table of the normalised value of each byte, rounded to float32 at the same steps as in transformers. */
function normalisedBytes(config: ImageProcessorConfig, channel: number): Float32Array {
  const factor = config.do_rescale ? config.rescale_factor : 1;
  const [mean, deviation] = config.do_normalize
    ? [Math.fround(config.image_mean[channel]!), Math.fround(config.image_std[channel]!)]
    : [0, 1];
  return Float32Array.from({ length: 256 }, (_, byte) => {
    const centered = Math.fround(Math.fround(byte * factor) - mean);
    return centered / deviation;
  });
}
