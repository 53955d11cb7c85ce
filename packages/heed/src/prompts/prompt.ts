/** What a prompt is: its text, and what it asks for as far as that is known. How prompts come about is in the files beside. */
import type { Attributes } from '@heed/emoji-world';

/** The paper's categories of template prompts (section 3.1, table 1). */
export const CATEGORIES = ['count', 'colour', 'background', 'combination'] as const;
export type Category = (typeof CATEGORIES)[number];

/** One prompt. `custom` marks those that are not made of the paper's templates. */
export interface Prompt {
  readonly text: string;
  readonly category: Category | 'custom';
  /** False where the prompt names one of the five objects kept for evaluation. */
  readonly seen: boolean;
  /** What the prompt asks for; absent where nobody has said so. */
  readonly attributes?: Attributes;
}

/**
 * The category of a template prompt: the one attribute it asks for beside the object, or 'combination' for several.
 * An object alone ("A dog.") belongs to none of the paper's categories and is 'custom'.
 */
export function categoryOf({ colour, count, background }: Attributes): Category | 'custom' {
  const asked: Category[] = [];
  if (count !== undefined) asked.push('count');
  if (colour !== undefined) asked.push('colour');
  if (background !== undefined) asked.push('background');
  return asked.length > 1 ? 'combination' : (asked[0] ?? 'custom');
}
