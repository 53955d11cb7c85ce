/**
 * The project's images for the studio. The number of images grows while other commands generate images. Pages refer to
 * an image by an opaque name, which reveals neither hash, file nor model.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IMAGE_EVENTS_FILE } from '../../images/image-events.ts';
import type { ImageRecord } from '../../images/record.ts';
import { createImageStore, IMAGE_INDEX_FILE, type ImageStore } from '../../images/store.ts';
import type { Secret } from '../auth/secret.ts';

export interface ProjectImages {
  /** The image store as of the last refresh. */
  current(): ImageStore;
  /**
   * Checks whether images were added, set aside or restored; returns true when the store was reloaded. Checks at most
   * once in `LOOK_EVERY_MS`, unless `isNow`.
   */
  refresh(options?: { isNow?: boolean }): Promise<boolean>;
  /** The image's opaque name on pages. */
  nameOf(id: string): string;
  /** The image with this opaque name. */
  find(name: string): ImageRecord | undefined;
}

const LOOK_EVERY_MS = 2000;

/** Opens the images in `folder`. */
export async function openProjectImages(folder: string, secret: Secret): Promise<ProjectImages> {
  let store = createImageStore(folder);
  let bytes = await indexBytes(folder);
  let lookedMs = performance.now();
  const nameOf = (id: string) => secret.tag('picture', id);
  const byName = new Map<string, string>();
  const learnNames = () => {
    for (const { id } of store.all({ isWhole: true })) byName.set(nameOf(id), id);
  };
  learnNames();
  return {
    current: () => store,
    async refresh({ isNow = false } = {}) {
      if (!isNow && performance.now() - lookedMs < LOOK_EVERY_MS) return false;
      lookedMs = performance.now();
      const now = await indexBytes(folder);
      if (now === bytes) return false;
      bytes = now;
      store = createImageStore(folder);
      byName.clear();
      learnNames();
      return true;
    },
    nameOf,
    find(name) {
      const id = byName.get(name);
      return id === undefined ? undefined : store.get(id);
    },
  };
}

/** Total size in bytes of the index and of the image events, two files that only grow. */
async function indexBytes(folder: string): Promise<number> {
  const sizes = [IMAGE_INDEX_FILE, IMAGE_EVENTS_FILE].map(async (name) => {
    const found = await stat(join(folder, name)).catch(() => undefined);
    return found?.size ?? 0;
  });
  return (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
}
