/**
 * Prompts outside the trained categories: the paper shows base and tuned side by side on artistic prompts (figure 2).
 * Where the settings name none, the project's own prompts in another style.
 */
import { CUSTOM_CATEGORY, type Prompt, selectPrompts } from '../prompts/index.ts';

/** Ways of drawing that hardly any list of training prompts asks for. */
const STYLES = ['An oil painting: ', 'A pencil sketch: ', 'A stained glass window: ', 'A picture book for children: '];

/** The named prompts, or one of the evaluation prompts in each style. None where the evaluation has no prompt. */
export function otherPrompts(named: readonly string[], prompts: readonly Prompt[]): Prompt[] {
  const texts =
    named.length > 0
      ? named
      : selectPrompts(prompts, STYLES.length).map(({ text }, index) => `${STYLES[index]}${withoutCapital(text)}`);
  return [...new Set(texts)].map((text) => ({ text, category: CUSTOM_CATEGORY, holdout: true }));
}

/** 'A dog.' becomes 'a dog.'; 'NASA' and 'I' stay. */
function withoutCapital(text: string): string {
  return /^\p{Lu}\p{Ll}|^A\s/u.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
