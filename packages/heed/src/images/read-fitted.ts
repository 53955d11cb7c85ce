/** Reads stored images at the input size of a network. Larger images are scaled down. */
import type { RgbImage } from '@heed/diffusion';
import { fitPicture } from './fit-picture.ts';
import type { ImageStore } from './store.ts';

/** Reads the images with these ids, in the order of the ids, `side` pixels wide and high. */
export function readFitted(
  store: Pick<ImageStore, 'read'>,
  ids: readonly string[],
  { side }: { side: number },
): Promise<RgbImage[]> {
  return Promise.all(ids.map(async (id) => fitPicture(await store.read(id), { width: side, height: side })));
}
