/** Warns of prompts that a text encoder truncates. CLIP's encoder reads 77 tokens and ignores the rest. */
import { quote } from '../text/nearest.ts';

/** The part of a text encoder that measures the length of texts. */
export interface TextReader {
  /** Number of tokens of a text, including the begin and end tokens. */
  countTokens(text: string): number;
  /** Number of tokens that the encoder reads. */
  readonly maxTokens: number;
}

/**
 * Returns a sentence about the prompts that `reader` truncates, with a quotation of the longest prompt. Returns
 * undefined when `reader` truncates no prompt.
 */
export function cutPromptsNote(
  prompts: Iterable<string>,
  { reader, name }: { reader: TextReader; name: string },
): string | undefined {
  const unique = [...new Set(prompts)];
  const { maxTokens } = reader;
  // Each token has at least one character.
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
