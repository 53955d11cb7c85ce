/**
 * The project's images as the studio sees them: they grow while other commands draw, and pages know them by names that
 * say nothing (neither hash, file nor model).
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRecord } from '../../images/record.ts';
import { createImageStore, IMAGE_INDEX_FILE, type ImageStore } from '../../images/store.ts';
import type { Secret } from '../auth/secret.ts';

export interface ProjectImages {
  /** The store as it was at the last look. */
  current(): ImageStore;
  /** Looks whether images were added; true where the store is a new one now. At most one look in `LOOK_EVERY_MS`. */
  refresh(): Promise<boolean>;
  /** What pages call the image. */
  nameOf(id: string): string;
  /** The image that pages call so. */
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
    for (const { id } of store.all()) byName.set(nameOf(id), id);
  };
  learnNames();
  return {
    current: () => store,
    async refresh() {
      if (performance.now() - lookedMs < LOOK_EVERY_MS) return false;
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

async function indexBytes(folder: string): Promise<number> {
  const found = await stat(join(folder, IMAGE_INDEX_FILE)).catch(() => undefined);
  return found?.size ?? 0;
}
