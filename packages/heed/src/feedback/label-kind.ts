/** What the kind of a label study (`label.kind`) means for its queries. */
import type { HeedConfig } from '../config/index.ts';

export interface Asked {
  readonly imagesPerQuery: number;
  /** Fewer images make no query. */
  readonly minImages: number;
  /** Answers say which image is the best of its query. */
  readonly asksPreferences: boolean;
}

export function askedOf({ kind, imagesPerQuery }: HeedConfig['label']): Asked {
  if (kind === 'good-bad') return { imagesPerQuery, minImages: 1, asksPreferences: false };
  return { imagesPerQuery: kind === 'pair' ? 2 : Math.max(2, imagesPerQuery), minImages: 2, asksPreferences: true };
}
