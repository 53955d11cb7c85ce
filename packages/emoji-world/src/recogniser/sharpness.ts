// A measure of crisp edges, for pictures of one world and one size. It is no judge of beauty.
import type { RgbImage } from '@heed/diffusion';

/** Mean absolute 4-neighbour Laplacian of the luma (Rec. 601), from 0 to 4 x 255; border pixels are left out. */
export function sharpnessOf({ width, height, data }: RgbImage): number {
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  }
  let total = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      total += Math.abs(4 * luma[i]! - luma[i - 1]! - luma[i + 1]! - luma[i - width]! - luma[i + width]!);
    }
  }
  return total / ((width - 2) * (height - 2));
}
