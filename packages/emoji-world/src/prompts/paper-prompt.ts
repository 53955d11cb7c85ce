// A prompt of the paper's lists: its sentence, what it asks for, and whether it is kept for evaluation.
import type { Attributes } from '../vocabulary.ts';

/** The paper's categories of template prompts (section 3.1, table 1), and 'custom' for every other prompt. */
export type PaperCategory = 'count' | 'colour' | 'background' | 'combination' | 'custom';

/** One prompt of the paper. */
export interface PaperPrompt {
  readonly text: string;
  readonly category: PaperCategory;
  /** True where the prompt names one of the five objects kept for evaluation. */
  readonly holdout: boolean;
  readonly facts: Attributes;
}

/**
 * The category of a template prompt: the one attribute it asks for beside the object, or 'combination' for several.
 * An object alone ("A dog.") belongs to none of the paper's categories and is 'custom'.
 */
export function categoryOf({ colour, count, background }: Attributes): PaperCategory {
  const asked: PaperCategory[] = [];
  if (count !== undefined) asked.push('count');
  if (colour !== undefined) asked.push('colour');
  if (background !== undefined) asked.push('background');
  return asked.length > 1 ? 'combination' : (asked[0] ?? 'custom');
}
