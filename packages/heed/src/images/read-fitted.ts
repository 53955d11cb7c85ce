/** Stored images at the size a network takes: those of a larger model are made as small. */
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
