/**
 * Prompts outside the trained categories. The paper compares the base model with the tuned model on artistic prompts
 * (figure 2). If the settings name no such prompts, the project's own prompts are used in another style.
 */
import { CUSTOM_CATEGORY, type Prompt, selectPrompts } from '../prompts/index.ts';

/** Styles that are rare in lists of training prompts. */
const STYLES = ['An oil painting: ', 'A pencil sketch: ', 'A stained glass window: ', 'A picture book for children: '];

/** The named prompts, or else one evaluation prompt in each style. Empty when the evaluation has no prompt. */
export function otherPrompts(named: readonly string[], prompts: readonly Prompt[]): Prompt[] {
  const texts =
    named.length > 0
      ? named
      : selectPrompts(prompts, STYLES.length).map(({ text }, index) => `${STYLES[index]}${withoutCapital(text)}`);
  return [...new Set(texts)].map((text) => ({ text, category: CUSTOM_CATEGORY, holdout: true }));
}

/** Lowercases the first letter: 'A dog.' becomes 'a dog.'; 'NASA' and 'I' stay. */
function withoutCapital(text: string): string {
  return /^\p{Lu}\p{Ll}|^A\s/u.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
