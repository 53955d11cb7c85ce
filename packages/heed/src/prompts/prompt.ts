/** What a prompt is: its text, and what its list says of it. How prompts come about is in the files beside. */
import type { Facts } from '../ports.ts';

/** The paper's categories of template prompts (section 3.1, table 1), in the order of its tables. */
export const CATEGORIES = ['count', 'colour', 'background', 'combination'] as const;

/** The category of prompts whose list names none. */
export const CUSTOM_CATEGORY = 'custom';

/** `found` without repeats in the order of tables: the paper's categories, others as they come, 'custom' last. */
export function orderCategories(found: Iterable<string>): string[] {
  const others = new Set(found);
  const paper = CATEGORIES.filter((category) => others.delete(category));
  const custom = others.delete(CUSTOM_CATEGORY) ? [CUSTOM_CATEGORY] : [];
  return [...paper, ...others, ...custom];
}

/** One prompt. */
export interface Prompt {
  readonly text: string;
  /** One of the paper's categories, a category that the prompts file names, or 'custom'. */
  readonly category: string;
  /** True where the prompt is kept for evaluation: nothing may be learned from images of it. */
  readonly holdout: boolean;
  /** What the prompt asks for, in the words of the project's world; absent where its list does not say. */
  readonly facts?: Facts | undefined;
}
