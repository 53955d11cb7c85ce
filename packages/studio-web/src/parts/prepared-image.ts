/** Images that are decoded before they are shown. */
import { pictureUrl } from '../api/client.ts';

export interface ShownImage {
  name: string;
  url: string;
  width: number;
  height: number;
  /** It did not load. */
  isBroken: boolean;
}

/** Resolves when the image can be drawn at once, or is known not to load. */
export async function prepareImage(image: { name: string; width: number; height: number }): Promise<ShownImage> {
  const url = pictureUrl(image.name);
  const element = new Image();
  element.src = url;
  const isBroken = await element.decode().then(
    () => false,
    () => true,
  );
  return { ...image, url, isBroken };
}
