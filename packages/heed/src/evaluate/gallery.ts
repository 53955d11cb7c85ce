/**
 * Chooses the prompts to show side by side: evenly spaced, always with the first seed, never chosen by how their images
 * look.
 */
import type { Recognition, WorldJudge } from '../ports.ts';
import { type Prompt, selectPrompts } from '../prompts/index.ts';
import type { Arm } from './arm.ts';
import type { GalleryItem } from './evaluation.ts';

/**
 * Chooses `limit` prompts (0 for all) with the first image of each arm. The arms must have been drawn with the same
 * seeds.
 */
export function galleryOf(
  arms: readonly Arm[],
  prompts: readonly Prompt[],
  {
    judge,
    recognitions,
    limit,
  }: {
    judge?: Pick<WorldJudge, 'alignmentOf'> | undefined;
    /** Results of the world's recogniser; empty when the world has no recogniser. */
    recognitions: ReadonlyMap<string, Recognition>;
    limit: number;
  },
): GalleryItem[] {
  const chosen = new Set(selectPrompts(prompts, limit));
  return prompts.flatMap((prompt, index) => {
    if (!chosen.has(prompt)) return [];
    const { text, category, holdout, facts } = prompt;
    const first = arms.map((arm) => ({ arm, image: arm.images[index]![0]! }));
    const images = Object.fromEntries(
      first.map(({ arm, image: { id } }) => {
        const recognition = recognitions.get(id);
        const isJudged = judge && recognition && facts;
        return [
          arm.name,
          { image: id, ...(isJudged ? { correct: judge.alignmentOf(recognition, facts).correct } : {}) },
        ];
      }),
    );
    return [{ prompt: text, category, seen: !holdout, seed: first[0]!.image.seed, images }];
  });
}
