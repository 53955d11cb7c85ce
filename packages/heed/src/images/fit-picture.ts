/** Pictures at the size that a network takes. */
import type { RgbImage } from '@heed/diffusion';
import sharp from 'sharp';

/** The picture cropped around its centre and brought to a size, as trainers do; as it is where it has that size. */
export async function fitPicture(image: RgbImage, size: { width: number; height: number }): Promise<RgbImage> {
  const { width, height } = size;
  if (image.width === width && image.height === height) return image;
  const raw = { width: image.width, height: image.height, channels: 3 } as const;
  const data = await sharp(image.data, { raw }).resize(width, height, { fit: 'cover' }).raw().toBuffer();
  return { width, height, data: new Uint8Array(data) };
}
