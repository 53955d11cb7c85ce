/** Derives the form of a query from the kind of a label study (`label.kind`). */
import type { HeedConfig } from '../config/index.ts';

export interface Asked {
  readonly imagesPerQuery: number;
  /** The least number of images in a query. */
  readonly minImages: number;
  /** Whether a rater picks the best image of a query rather than labelling one image. */
  readonly asksPreferences: boolean;
}

export function askedOf({ kind, imagesPerQuery }: HeedConfig['label']): Asked {
  if (kind === 'good-bad') return { imagesPerQuery, minImages: 1, asksPreferences: false };
  return { imagesPerQuery: kind === 'pair' ? 2 : Math.max(2, imagesPerQuery), minImages: 2, asksPreferences: true };
}
