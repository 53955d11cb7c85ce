/** Crops and resizes pictures for a network. */
import type { RgbImage } from '@heed/diffusion';
import sharp from 'sharp';

/**
 * Crops the picture around its centre and resizes it, as is usual in the training of diffusion models. A picture that
 * already has the size is returned unchanged.
 */
export async function fitPicture(image: RgbImage, size: { width: number; height: number }): Promise<RgbImage> {
  const { width, height } = size;
  if (image.width === width && image.height === height) return image;
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const data = await sharp(image.data, { raw }).resize(width, height, { fit: 'cover' }).raw().toBuffer();
  return { width, height, data: new Uint8Array(data) };
}
