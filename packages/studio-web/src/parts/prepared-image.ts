/** Loads and decodes images before the page shows them. */
import { pictureUrl } from '../api/client.ts';

export interface ShownImage {
  name: string;
  url: string;
  width: number;
  height: number;
  /** Whether loading failed. */
  isBroken: boolean;
}

const WAITS_MS = [300, 1000, 2000, 3000] as const;
/** Number of attempts to load an image, after which the image counts as broken and the rater can continue. */
const MAX_TRIES = 30;

/**
 * Resolves when the image can be drawn at once, or is known to be broken. While the studio does not respond (it may be
 * restarting), loading is repeated up to `MAX_TRIES` times. Raters must not judge an image that they cannot see.
 */
export async function prepareImage(image: { name: string; width: number; height: number }): Promise<ShownImage> {
  const url = pictureUrl(image.name);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (await canDecode(url)) return { ...image, url, isBroken: false };
    if (await isAnswered(url)) break;
    await new Promise((resolve) => setTimeout(resolve, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]));
  }
  return { ...image, url, isBroken: true };
}

async function canDecode(url: string): Promise<boolean> {
  const element = new Image();
  element.src = url;
  return element.decode().then(
    () => true,
    () => false,
  );
}

/** Whether the studio responded. If so, the image itself is the reason why loading failed. */
async function isAnswered(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ status }) => status !== 429 && status < 500,
    () => false,
  );
}
