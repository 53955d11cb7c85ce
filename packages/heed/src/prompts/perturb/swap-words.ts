/**
 * All texts that differ from a prompt by one swapped word: a colour, a count, a place, or an object of the project.
 * Independent of worlds.
 */
import { type Noun, nounsIn } from './nouns.ts';
import { pluralOf, singularOf } from './plural.ts';
import { findWords, replaceSpan, type Span } from './spans.ts';
import {
  COLOURS,
  COUNT_WORDS,
  LARGEST_COUNT,
  OTHER_COLOURS,
  PLACE_NOUNS,
  PLACE_PHRASES,
  PLAIN_PLACES,
  STOP_WORDS,
} from './words.ts';

/**
 * Returns a list for each word of `text` that can be swapped. A list contains the texts in which only this word is
 * swapped.
 */
export function swapWords(text: string, { things }: { things: readonly string[] }): string[][] {
  const nouns = nounsIn(text);
  return [...swapThings(text, nouns, things), ...swapColours(text), ...swapCounts(text), ...swapPlaces(text)]
    .map((texts) => [...new Set(texts)].filter((other) => other !== text))
    .filter((texts) => texts.length > 0);
}

function swapThings(text: string, nouns: readonly Noun[], things: readonly string[]): string[][] {
  const own = new Set(nouns.map(({ singular }) => singular));
  const others = things.filter((thing) => !own.has(thing));
  return nouns.map(({ span, isPlural }) =>
    others.map((thing) => replaceSpan(text, span, isPlural ? pluralOf(thing) : thing)),
  );
}

function swapColours(text: string): string[][] {
  return findWords(text, [...COLOURS, ...OTHER_COLOURS])
    .filter((span) => isColour(text, span))
    .map((span) => {
      const own = span.word.toLowerCase();
      return COLOURS.filter((colour) => colour !== own && !(own === 'gray' && colour === 'grey')).map((colour) =>
        replaceSpan(text, span, colour),
      );
    });
}

/** Whether the word is a colour. The word 'orange' is a colour only before a noun. */
function isColour(text: string, { end, word }: Span): boolean {
  if (word.toLowerCase() !== 'orange') return true;
  const next = /^\s+(\p{L}+)/u.exec(text.slice(end))?.[1]?.toLowerCase();
  return next !== undefined && !STOP_WORDS.has(next);
}

function swapCounts(text: string): string[][] {
  const digits = [
    ...text.matchAll(/(?<![\p{L}\p{N}.,:/%$€°#_-])\d{1,2}(?![\p{L}\p{N}.,:/%$€°_-]\S|[\p{L}\p{N}%°/:-])/gu),
  ];
  const spans: Span[] = [
    ...findWords(text, COUNT_WORDS),
    ...digits.map((match) => ({ start: match.index, end: match.index + match[0].length, word: match[0] })),
  ];
  return spans.flatMap((span) => {
    const from = countOf(span.word);
    const thing = from === undefined ? undefined : countedThing(text, span, from);
    if (from === undefined || thing === undefined) return [];
    const others = Array.from({ length: LARGEST_COUNT }, (_, i) => i + 1).filter((count) => count !== from);
    return [others.map((to) => recount(text, { span, thing, from, to }))];
  });
}

function countOf(word: string): number | undefined {
  const index = (COUNT_WORDS as readonly string[]).indexOf(word.toLowerCase());
  const count = index >= 0 ? index + 1 : Number(word);
  return count >= 1 && count <= COUNT_WORDS.length ? count : undefined;
}

interface CountedThing {
  readonly span: Span;
  readonly singular: string;
}

/**
 * Finds the counted noun among the next four words. After a count above one the noun is the first plural. After 'one'
 * the noun is the last word of the phrase, as in "one red apple"; in "the one with a hat" the word 'one' gives no
 * number of objects.
 */
function countedThing(text: string, count: Span, from: number): CountedThing | undefined {
  if (from === 1) {
    if (/(?<!\p{L})(the|this|that|no|any|some|every|each)\s+$/iu.test(text.slice(0, count.start))) return undefined;
    if (/^\s+of\b/i.test(text.slice(count.end))) return undefined;
    const noun = nounsIn(text.slice(count.start).replace(/^\S+/, (word) => 'a'.padEnd(word.length)))[0];
    if (noun === undefined || noun.span.start > count.word.length + 40) return undefined;
    const start = noun.span.start + count.start;
    const isNear = /^\s+(\S+\s+){0,3}$/.test(text.slice(count.end, start));
    return isNear
      ? { span: { ...noun.span, start, end: noun.span.end + count.start }, singular: noun.singular }
      : undefined;
  }
  for (const match of text.slice(count.end).matchAll(/\p{L}+(?:-\p{L}+)*/gu)) {
    const before = text.slice(count.end, count.end + match.index);
    if (!/^[\s\p{L}-]*$/u.test(before) || before.trim().split(/\s+/).length > 3) return undefined;
    const singular = singularOf(match[0].toLowerCase());
    if (singular !== undefined) {
      const start = count.end + match.index;
      return { span: { start, end: start + match[0].length, word: match[0] }, singular };
    }
    if (STOP_WORDS.has(match[0].toLowerCase())) return undefined;
  }
  return undefined;
}

function recount(
  text: string,
  { span, thing, from, to }: { span: Span; thing: CountedThing; from: number; to: number },
): string {
  const word = /\d/.test(span.word) ? String(to) : COUNT_WORDS[to - 1]!;
  if (from > 1 && to > 1) return replaceSpan(text, span, word);
  const noun = to === 1 ? thing.singular : pluralOf(thing.singular);
  const after = agreeing(text.slice(thing.span.end), to);
  const between = text.slice(span.end, thing.span.start);
  return replaceSpan(text.slice(0, span.end), span, word) + between + noun + after;
}

/** Adjusts a directly following verb to the count, such as 'is' for 'are'. */
function agreeing(after: string, count: number): string {
  const pairs = [
    ['is', 'are'],
    ['was', 'were'],
    ['has', 'have'],
  ] as const;
  const [from, to] = count === 1 ? [1, 0] : [0, 1];
  const pair = pairs.find((each) => new RegExp(`^\\s+${each[from]}\\b`).test(after));
  return pair === undefined ? after : after.replace(pair[from]!, pair[to]!);
}

const PLACE = `(?:${[...PLACE_NOUNS].sort((a, b) => b.length - a.length).join('|')})`;
const PLACED = new RegExp(`(?<!\\p{L})(in|on|at|inside)\\s+(?:(?:the|a|an)\\s+)?${PLACE}(?![\\p{L}-])`, 'giu');
const NEAR = new RegExp(
  `(?<=(?<!\\p{L})(?:near|by|beside|behind|under|over|above|through|across)\\s+(?:the|a)\\s+)${PLACE}(?![\\p{L}-])`,
  'giu',
);
/** A place that is the subject itself, without a preposition: 'city' in "a city at night". */
const BARE = new RegExp(`(?<=(?:^|,\\s*|(?<!\\p{L})of\\s+)(?:the|an?)\\s+)${PLACE}(?![\\p{L}-])`, 'giu');

function swapPlaces(text: string): string[][] {
  const placed = [...text.matchAll(PLACED)].map((match) => ({
    span: { start: match.index, end: match.index + match[0].length, word: match[0] },
    others: PLACE_PHRASES.filter((phrase) => lastWord(phrase) !== lastWord(match[0])),
  }));
  const bare = [...text.matchAll(BARE)].map((match) => ({
    span: { start: match.index, end: match.index + match[0].length, word: match[0] },
    others: PLAIN_PLACES.filter((place) => place !== match[0].toLowerCase()),
  }));
  const near = [...text.matchAll(NEAR)].map((match) => ({
    span: { start: match.index, end: match.index + match[0].length, word: match[0] },
    others: PLAIN_PLACES.filter((place) => place !== match[0].toLowerCase()),
  }));
  return [...placed, ...near, ...bare].map(({ span, others }) => others.map((other) => replaceSpan(text, span, other)));
}

function lastWord(phrase: string): string {
  return phrase.toLowerCase().split(/\s+/).at(-1)!;
}
