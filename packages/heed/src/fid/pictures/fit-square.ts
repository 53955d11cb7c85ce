/**
 * Makes pictures square: crops the middle square and resizes it with Pillow's bicubic filter. The reference code of
 * CMMD prepares MS-COCO's pictures in this way (google-research/cmmd, io_util.py, `_center_crop_and_resize`).
 */
import { type RgbImage, resizeBicubic } from '@heed/diffusion';

/**
 * Crops the middle square of the picture and resizes the square to `side` x `side` pixels. A picture that already has
 * this size is returned unchanged.
 */
export function fitSquare(image: RgbImage, side: number): RgbImage {
  return resizeBicubic(cropMiddle(image), { width: side, height: side });
}

function cropMiddle(image: RgbImage): RgbImage {
  const { width, height, data } = image;
  if (width === height) return image;
  const side = Math.min(width, height);
  const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)];
  const cropped = new Uint8Array(3 * side * side);
  for (let y = 0; y < side; y++) {
    const start = 3 * ((top + y) * width + left);
    cropped.set(data.subarray(start, start + 3 * side), 3 * y * side);
  }
  return { width: side, height: side, data: cropped };
}
