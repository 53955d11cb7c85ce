// Between 8-bit RGB images and the planar floats that networks read. Nothing here resizes.
import type { RgbImage } from '@heed/diffusion';

/** Converts images of one size to planes [N, 3, H, W] with values in [-1, 1], written to `target` if given. */
export function imagesToPlanes(images: readonly RgbImage[], target?: Float32Array): Float32Array {
  const first = images[0];
  if (!first) return target ?? new Float32Array(0);
  const area = first.width * first.height;
  const planes = target ?? new Float32Array(images.length * 3 * area);
  images.forEach(({ width, height, data }, n) => {
    if (width !== first.width || height !== first.height) {
      throw new Error(
        `images of a batch must all be ${first.width} x ${first.height}, image ${n} is ${width} x ${height}`,
      );
    }
    const base = n * 3 * area;
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < 3; c++) planes[base + c * area + i] = data[3 * i + c]! / 127.5 - 1;
    }
  });
  return planes;
}

/** Planes in [-1, 1] as images; values outside are clipped. */
export function planesToImages(planes: Float32Array, { width, height }: { width: number; height: number }): RgbImage[] {
  const area = width * height;
  return Array.from({ length: planes.length / (3 * area) }, (_, n) => {
    const data = new Uint8Array(3 * area);
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < 3; c++) {
        data[3 * i + c] = Math.round(Math.min(255, Math.max(0, (planes[(n * 3 + c) * area + i]! + 1) * 127.5)));
      }
    }
    return { width, height, data };
  });
}
