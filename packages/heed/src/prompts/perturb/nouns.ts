/**
 * Finds the objects that a project's prompts mention. The words around an object show that a word is an object; no
 * dictionary is used.
 */
import { singularOf } from './plural.ts';
import { type Span, wordsOf } from './spans.ts';
import { COLOURS, COUNT_WORDS, MEDIUM_NOUNS, OTHER_COLOURS, PLACE_NOUNS, STOP_WORDS } from './words.ts';

/** An object in a text. */
export interface Noun {
  readonly span: Span;
  /** The object's name, singular and in lower case. */
  readonly singular: string;
  readonly isPlural: boolean;
}

const DETERMINERS = new Set(['a', 'an', 'the', 'this', 'that', 'these', 'those', 'his', 'her', 'its', 'their', 'some']);
const COUNTS: ReadonlySet<string> = new Set(COUNT_WORDS);
const PLURAL_BEFORE = new Set([...COUNT_WORDS.slice(1), 'several', 'many', 'few', 'these', 'those', 'some']);
const NO_THINGS: ReadonlySet<string> = new Set([...COLOURS, ...OTHER_COLOURS, ...PLACE_NOUNS, ...MEDIUM_NOUNS]);
/** Largest number of words in a noun phrase after its determiner. */
const LONGEST_PHRASE = 5;

/**
 * Returns the last word of each phrase that begins with an article, a possessive or a number. Examples: 'bear' in "a
 * sleeping bear in the woods", 'astronaut' and 'horse' in "an astronaut riding a horse". Places, colours and words like
 * 'photo' are not returned.
 */
export function nounsIn(text: string): Noun[] {
  const words = wordsOf(text);
  return words.flatMap((word, index) => {
    const opener = word.word.toLowerCase();
    const isNumber = COUNTS.has(opener) || PLURAL_BEFORE.has(opener) || /^\d/.test(opener);
    if (!DETERMINERS.has(opener) && !isNumber) return [];
    const head = headOf(text, words.slice(index, index + 1 + LONGEST_PHRASE));
    // Capital letters mark a name, such as "the Eiffel Tower". In a text all in capitals no name can be told.
    if (head === undefined || (/^\p{Lu}/u.test(head.word) && text !== text.toUpperCase())) return [];
    return nounFrom(head, opener) ?? [];
  });
}

/** The last word of the phrase that begins with the first of `words`. */
function headOf(text: string, words: readonly Span[]): Span | undefined {
  let head: Span | undefined;
  for (const [i, span] of words.entries()) {
    if (i === 0) continue;
    const before = words[i - 1]!;
    const word = span.word.toLowerCase();
    // Anything but spaces between two words ends the phrase, as do small words and, after a noun, what somebody does.
    if (
      !/^\s+$/.test(text.slice(before.end, span.start)) ||
      STOP_WORDS.has(word) ||
      COUNTS.has(word) ||
      /^\d/.test(word)
    )
      break;
    if (head !== undefined && !isColour(head) && /(ing|ed|ly)$/.test(word) && word.length > 4) break;
    // "a kid's drawing": whose it is says nothing of the thing.
    if (/['’]s$/.test(word)) continue;
    head = span;
  }
  return head;
}

function isColour({ word }: Span): boolean {
  const wanted = word.toLowerCase();
  return (COLOURS as readonly string[]).includes(wanted) || OTHER_COLOURS.includes(wanted);
}

function nounFrom(span: Span, opener: string): Noun | undefined {
  const word = span.word.toLowerCase();
  const fromPlural = singularOf(word);
  const isPlural = opener !== 'a' && opener !== 'an' && opener !== 'one' && opener !== '1' && fromPlural !== undefined;
  const singular = isPlural ? fromPlural : word;
  if (word.length < 3 || NO_THINGS.has(word) || NO_THINGS.has(singular)) return undefined;
  if (/(ing|ly)$/.test(word) && word.length > 5 && !isPlural) return undefined;
  return { span, singular, isPlural };
}

/** The distinct objects in all of `texts`, in order. */
export function thingsOf(texts: Iterable<string>): string[] {
  const found = new Set<string>();
  for (const text of texts) for (const { singular } of nounsIn(text)) found.add(singular);
  return [...found];
}
