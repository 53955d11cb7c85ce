/** Measures by CLIP: prompt alignment, diversity, and doubled objects. */
import { cosine } from '../reward/accuracy.ts';
import type { Features } from '../reward/features.ts';

/**
 * Diversity: the mean of 1 - cosine over all pairs of a prompt's images, by CLIP's image embeddings. The diversity is 0
 * when all images are alike. The expected diversity does not depend on the number of images. For fewer than two images,
 * the result is empty.
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
 * A text that fits an image with doubled objects better than the prompt does; undefined for prompts that ask for
 * several objects.
 */
export function severalText(prompt: string): string | undefined {
  if (SEVERAL.test(prompt)) return undefined;
  return `several copies of the same thing: ${prompt}`;
}

/** 1 if CLIP scores the image higher for the text with several objects than for its prompt, else 0. */
export function looksDoubled(id: string, prompt: string, features: Pick<Features, 'image' | 'text'>): number[] {
  const several = severalText(prompt);
  if (several === undefined) return [];
  const image = features.image(id);
  return [cosine(image, features.text(several)) > cosine(image, features.text(prompt)) ? 1 : 0];
}
