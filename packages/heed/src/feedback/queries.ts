/** Groups images into queries: a few images of one model and prompt, in the order of generation. */
import { groupBy } from '../collections/group-by.ts';
import type { ImageRecord } from '../images/record.ts';
import { queryId } from './event.ts';

export interface ImageQuery {
  readonly id: string;
  readonly prompt: string;
  readonly category: string;
  /** Ids, `imagesPerQuery` at most. */
  readonly images: string[];
}

/** Groups `images` into queries; prompts are in the order in which each prompt's first image appears. */
export function queriesOf(images: readonly ImageRecord[], imagesPerQuery: number): ImageQuery[] {
  const prompts = groupBy(images, ({ modelHash, prompt }) => JSON.stringify([modelHash, prompt]));
  return [...prompts.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / imagesPerQuery) }, (_, i) => {
      const shown = group.slice(i * imagesPerQuery, (i + 1) * imagesPerQuery);
      const { prompt, category } = shown[0]!;
      const ids = shown.map(({ id }) => id);
      return { id: queryId(prompt, ids), prompt, category, images: ids };
    }),
  );
}
