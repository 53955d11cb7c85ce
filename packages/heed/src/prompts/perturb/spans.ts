/** Finds words in a text and replaces them, with correct capitals and articles. */

/** A piece of a text. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly word: string;
}

/** Finds every whole-word occurrence of any of `words`, ignoring case. Longer words have precedence. */
export function findWords(text: string, words: readonly string[]): Span[] {
  const longestFirst = [...words].sort((a, b) => b.length - a.length).map(escapePattern);
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_-])(?:${longestFirst.join('|')})(?![\\p{L}\\p{N}_-])`, 'giu');
  return [...text.matchAll(pattern)].map(spanOf);
}

/**
 * All words of a text: letters with inner apostrophes and hyphens, and numbers of one or two digits that stand alone.
 */
export function wordsOf(text: string): Span[] {
  return [...text.matchAll(/\p{L}+(?:['’-]\p{L}+)*|(?<![\p{N}\p{L}.,:/-])\d{1,2}(?![\p{N}\p{L}.,:/%°-])/gu)].map(
    spanOf,
  );
}

function spanOf(match: RegExpMatchArray): Span {
  return { start: match.index!, end: match.index! + match[0].length, word: match[0] };
}

function escapePattern(word: string): string {
  return word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Replaces a word of the text by `to`. An initial capital is kept, and a preceding article is corrected. */
export function replaceSpan(text: string, { start, end, word }: Span, to: string): string {
  const replacement = /^\p{Lu}/u.test(word) ? `${to.charAt(0).toUpperCase()}${to.slice(1)}` : to;
  return mendArticle(text.slice(0, start), replacement) + replacement + text.slice(end);
}

/** Whether the word takes 'an', judged mostly by its first letter. */
function takesAn(word: string): boolean {
  if (/^(uni|use|usu|euro|one\b|ufo)/i.test(word)) return false;
  return /^([aeiou]|hour|honest|heir)/i.test(word);
}

function mendArticle(before: string, word: string): string {
  return before.replace(
    /(?<![\p{L}\p{N}])(a)n?(\s+)$/iu,
    (_, a: string, space: string) => `${a}${takesAn(word) ? 'n' : ''}${space}`,
  );
}
