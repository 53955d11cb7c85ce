/** Converts between 8-bit pictures and the float planes of a VAE. Sizes must match. */
import { checkRgbImage, type RgbImage } from './rgb-image.ts';

/** Converts pictures of one size to planes [N, 3, H, W] with values in [-1, 1]. */
export function imagesToPlanes(images: readonly RgbImage[]): Float32Array {
  const { width, height } = images[0]!;
  const area = width * height;
  const planes = new Float32Array(images.length * 3 * area); // [N, 3, H, W]
  images.forEach((image, index) => {
    checkRgbImage(image, `image ${index}`);
    if (image.width !== width || image.height !== height) {
      throw new Error(
        `image ${index}: expected ${width} x ${height} like the first, got ${image.width} x ${image.height}`,
      );
    }
    for (let channel = 0; channel < 3; channel++) {
      const start = (index * 3 + channel) * area;
      for (let i = 0; i < area; i++) planes[start + i] = image.data[3 * i + channel]! / 127.5 - 1;
    }
  });
  return planes;
}

/** Converts planes [N, 3, H, W] with values in [-1, 1] to pictures; values outside the range are clipped. */
export function planesToImages(planes: Float32Array, { width, height }: { width: number; height: number }): RgbImage[] {
  const area = width * height;
  return Array.from({ length: planes.length / (3 * area) }, (_, index) => {
    const data = new Uint8Array(3 * area);
    for (let channel = 0; channel < 3; channel++) {
      const start = (index * 3 + channel) * area;
      for (let i = 0; i < area; i++) {
        const unit = planes[start + i]! / 2 + 0.5;
        data[3 * i + channel] = Math.round(255 * Math.min(1, Math.max(0, unit)));
      }
    }
    return { width, height, data };
  });
}
