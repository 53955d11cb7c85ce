/**
 * The world's words inside free text: finds objects, colours, counts and backgrounds in a prompt that somebody wrote and
 * gives the texts with one of them swapped. It knows no grammar beyond articles and plurals.
 */
import { BACKGROUNDS, COLOURS, COUNT_WORDS, COUNTS, type Count, OBJECTS } from '@heed/emoji-world';

interface Span {
  readonly start: number;
  readonly end: number;
  readonly word: string;
}

/** All texts with one known word swapped for another of its kind, a list a kind; kinds not in the text are left out. */
export function swapKnownWords(text: string, options: { seenOnly?: boolean } = {}): string[][] {
  const { seenOnly = false } = options;
  return [swapObjects(text, seenOnly), swapColours(text), swapCounts(text), swapBackgrounds(text)].filter(
    (texts) => texts.length > 0,
  );
}

/** The objects of the world that a text names, by their singular. */
export function objectsIn(text: string): string[] {
  return OBJECTS.filter(({ name, plural }) =>
    findWords(text, [name, plural]).some((span) => !isColour(text, span)),
  ).map(({ name }) => name);
}

function swapObjects(text: string, seenOnly: boolean): string[] {
  return OBJECTS.flatMap((known) => {
    const spans = findWords(text, [known.name, known.plural]).filter((span) => !isColour(text, span));
    if (spans.length === 0) return [];
    return OBJECTS.filter((other) => other.name !== known.name && (other.seen || !seenOnly)).map((other) =>
      replaceSpans(text, spans, (word) => (word.toLowerCase() === known.name ? other.name : other.plural)),
    );
  });
}

function swapColours(text: string): string[] {
  return COLOURS.flatMap((colour) => {
    const spans = findWords(text, [colour]);
    if (spans.length === 0) return [];
    return COLOURS.filter((other) => other !== colour).map((other) => replaceSpans(text, spans, () => other));
  });
}

function swapCounts(text: string): string[] {
  return COUNTS.flatMap((count) => {
    // 'one' is rarely a count ("the one with...") unless a known noun in the singular follows; and then the noun must change.
    const spans = findWords(text, [COUNT_WORDS[count], String(count)]);
    const first = spans[0];
    if (!first) return [];
    const others = COUNTS.filter((other) => other !== count);
    if (count === 1) return others.flatMap((other) => recount(text, first, { from: count, to: other }) ?? []);
    return others.flatMap((other) =>
      other === 1
        ? (recount(text, first, { from: count, to: other }) ?? [])
        : replaceSpans(text, [first], (word) => (/\d/.test(word) ? String(other) : COUNT_WORDS[other])),
    );
  });
}

/** Changes between one and several, with the first known noun within three words after the count; undefined without one. */
function recount(text: string, at: Span, { from, to }: { from: Count; to: Count }): string | undefined {
  const after = text.slice(at.end);
  const reach = /^(\s+\S+){0,3}/.exec(after)?.[0] ?? '';
  for (const { name, plural } of OBJECTS) {
    const noun = findWords(reach, [from === 1 ? name : plural])[0];
    if (!noun) continue;
    const changed = replaceSpans(after, [noun], () => (to === 1 ? name : plural));
    return (
      replaceSpans(text.slice(0, at.end), [at], (word) => (/\d/.test(word) ? String(to) : COUNT_WORDS[to])) + changed
    );
  }
  return undefined;
}

function swapBackgrounds(text: string): string[] {
  return BACKGROUNDS.flatMap((known) => {
    const phrases = findWords(text, [known.phrase]);
    const others = BACKGROUNDS.filter((other) => other.name !== known.name);
    if (phrases.length > 0) return others.map((other) => replaceSpans(text, phrases, () => other.phrase));
    const places = findWords(text, [known.name]);
    if (places.length === 0) return [];
    // Outside its own phrase ("near a forest") only the bare name is swapped, and a city's name does not fit an article.
    return others
      .filter((other) => (other.name === 'San Francisco') === (known.name === 'San Francisco'))
      .map((other) => replaceSpans(text, places, () => other.name));
  });
}

/** 'orange' before a noun is a colour there, not a fruit. */
function isColour(text: string, { end, word }: Span): boolean {
  return (
    word.toLowerCase() === 'orange' &&
    /^\s+(colou?red\b|[a-z])/i.test(text.slice(end)) &&
    !/^\s+(in|on|at|and|with|near|by|under|over)\b/i.test(text.slice(end))
  );
}

function findWords(text: string, words: readonly string[]): Span[] {
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  return [...text.matchAll(pattern)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    word: match[0],
  }));
}

/** Puts other words in place of the spans, keeps a capital at the start and mends the article before. */
function replaceSpans(text: string, spans: readonly Span[], to: (word: string) => string): string {
  let result = '';
  let at = 0;
  for (const { start, end, word } of spans) {
    const replacement = matchCase(word, to(word));
    result += mendArticle(text.slice(at, start), replacement) + replacement;
    at = end;
  }
  return result + text.slice(at);
}

function matchCase(model: string, word: string): string {
  return /^\p{Lu}/u.test(model) && !/^\p{Lu}/u.test(word) ? `${word.charAt(0).toUpperCase()}${word.slice(1)}` : word;
}

function mendArticle(before: string, word: string): string {
  return before.replace(
    /(?<![\p{L}\p{N}])(a)n?(\s+)$/iu,
    (_, a: string, space: string) => `${a}${/^[aeiou]/i.test(word) ? 'n' : ''}${space}`,
  );
}
