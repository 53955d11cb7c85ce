/**
 * The prompt type: a text, and the data that its prompt list gives for this text. Other files in this folder create
 * prompts.
 */
import type { Facts } from '../ports.ts';

/** The paper's categories of template prompts (section 3.1, table 1), in the order of its tables. */
export const CATEGORIES = ['count', 'colour', 'background', 'combination'] as const;

/** The category of prompts whose list names no category. */
export const CUSTOM_CATEGORY = 'custom';

/**
 * Sorts distinct categories in the order of tables: the paper's first, then others in order of appearance, 'custom'
 * last.
 */
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
  /** Whether the prompt is kept for evaluation. Nothing may be learned from images of a held-out prompt. */
  readonly holdout: boolean;
  /**
   * What the prompt asks for, in the vocabulary of the project's world. The facts are undefined when the prompt's list
   * does not give them.
   */
  readonly facts?: Facts | undefined;
}
