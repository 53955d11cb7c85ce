/** Which prompts are shown side by side: evenly spaced and always the first seed, never chosen by their looks. */
import type { Recognition, WorldJudge } from '../ports.ts';
import { selectPrompts } from '../prompts/index.ts';
import type { Arm } from './arm.ts';
import type { GalleryItem } from './evaluation.ts';
import type { JudgeablePrompt } from './evaluation-images.ts';

/** `limit` prompts with the first image of each arm; the arms must have been drawn with the same seeds. */
export function galleryOf(
  arms: readonly Arm[],
  prompts: readonly JudgeablePrompt[],
  {
    judge,
    recognitions,
    limit,
  }: {
    judge: Pick<WorldJudge, 'alignmentOf'>;
    recognitions: ReadonlyMap<string, Recognition>;
    limit: number;
  },
): GalleryItem[] {
  const chosen = new Set(selectPrompts(prompts, limit));
  return prompts.flatMap((prompt, index) => {
    if (!chosen.has(prompt)) return [];
    const first = arms.map((arm) => ({ arm, image: arm.images[index]![0]! }));
    const images = Object.fromEntries(
      first.map(({ arm, image: { id } }) => [
        arm.name,
        { image: id, correct: judge.alignmentOf(recognitions.get(id)!, prompt.facts).correct },
      ]),
    );
    const { text, category, holdout } = prompt;
    return [{ prompt: text, category, seen: !holdout, seed: first[0]!.image.seed, images }];
  });
}
