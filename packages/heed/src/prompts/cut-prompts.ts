/** What a text encoder does not read of long prompts: it has room for 77 tokens, and ignores the rest. */
import { quote } from '../text/nearest.ts';

/** A text encoder, as far as the length of texts goes. */
export interface TextReader {
  /** Tokens of a text, the begin and end token included. */
  countTokens(text: string): number;
  /** How many of them it reads. */
  readonly maxTokens: number;
}

/** One sentence on the prompts that `reader` cuts, with the longest; undefined where it reads all whole. */
export function cutPromptsNote(
  prompts: Iterable<string>,
  { reader, name }: { reader: TextReader; name: string },
): string | undefined {
  const unique = [...new Set(prompts)];
  const { maxTokens } = reader;
  // A token has a character at least.
  const long = unique
    .filter((prompt) => prompt.length > maxTokens - 2)
    .map((prompt) => ({ prompt, tokens: reader.countTokens(prompt) }))
    .filter(({ tokens }) => tokens > maxTokens)
    .sort((a, b) => b.tokens - a.tokens);
  const [longest] = long;
  if (longest === undefined) return undefined;
  const which = `${long.length} of ${unique.length} prompts ${long.length === 1 ? 'is' : 'are'} longer than the ${maxTokens} tokens that ${name} reads`;
  return `${which}; it ignores the rest (${quote(longest.prompt)} has ${longest.tokens})`;
}
