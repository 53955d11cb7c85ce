/** What CLIP tells of images: how well they fit the prompt, how much they differ, and whether objects are doubled. */
import { cosine } from '../reward/accuracy.ts';
import type { Features } from '../reward/features.ts';

/**
 * The mean of 1 - cosine over all pairs of a prompt's images, by CLIP's image embeddings: 0 where all look the same.
 * Its mean does not depend on the number of images. No value for fewer than two images.
 */
export function diversity(ids: readonly string[], features: Pick<Features, 'image'>): number[] {
  let total = 0;
  let pairs = 0;
  for (let i = 0; i < ids.length; i++) {
    for (let j = i + 1; j < ids.length; j++) {
      total += 1 - cosine(features.image(ids[i]!), features.image(ids[j]!));
      pairs += 1;
    }
  }
  return pairs === 0 ? [] : [total / pairs];
}

const SEVERAL = /\b(two|three|four|five|six|seven|eight|nine|ten|several|many|few|pair|group|crowd|some|\d+)\b/i;

/**
 * The text that fits an image better than the prompt where its objects are doubled; undefined for prompts that ask for
 * several.
 */
export function severalText(prompt: string): string | undefined {
  if (SEVERAL.test(prompt)) return undefined;
  return `several copies of the same thing: ${prompt}`;
}

/** 1 where CLIP finds that the image fits the text of several things better than its prompt, else 0. */
export function looksDoubled(id: string, prompt: string, features: Pick<Features, 'image' | 'text'>): number[] {
  const several = severalText(prompt);
  if (several === undefined) return [];
  const image = features.image(id);
  return [cosine(image, features.text(several)) > cosine(image, features.text(prompt)) ? 1 : 0];
}
