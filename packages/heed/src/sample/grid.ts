/** Joins pictures side by side into one picture. */
import type { RgbImage } from '@heed/diffusion';

/** Arranges `images` of one size in rows of `columns` with white gaps; throws for an empty list. */
export function composeGrid(images: readonly RgbImage[], options: { columns: number; gapPx?: number }): RgbImage {
  const { columns, gapPx = 2 } = options;
  const first = images[0];
  if (first === undefined) throw new Error('grid: expected at least one image, got none');
  const across = Math.min(columns, images.length);
  const down = Math.ceil(images.length / columns);
  const width = across * (first.width + gapPx) - gapPx;
  const height = down * (first.height + gapPx) - gapPx;
  const data = new Uint8Array(3 * width * height).fill(255);
  images.forEach((image, i) => {
    if (image.width !== first.width || image.height !== first.height) {
      throw new Error(
        `grid: expected images of ${first.width} x ${first.height}, got ${image.width} x ${image.height}`,
      );
    }
    const left = (i % columns) * (first.width + gapPx);
    const top = Math.floor(i / columns) * (first.height + gapPx);
    for (let y = 0; y < image.height; y++) {
      const row = image.data.subarray(3 * y * image.width, 3 * (y + 1) * image.width);
      data.set(row, 3 * ((top + y) * width + left));
    }
  });
  return { width, height, data };
}
