/** Reads stored images at the size that a network takes. Larger images are scaled down. */
import type { RgbImage } from '@heed/diffusion';
import { fitPicture } from './fit-picture.ts';
import type { ImageStore } from './store.ts';

/** The images of these ids, in order, `side` pixels wide and high. */
export function readFitted(
  store: Pick<ImageStore, 'read'>,
  ids: readonly string[],
  { side }: { side: number },
): Promise<RgbImage[]> {
  return Promise.all(ids.map(async (id) => fitPicture(await store.read(id), { width: side, height: side })));
}
