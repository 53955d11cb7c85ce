/**
 * Counts what can be counted of the writing rules (CONTRIBUTING.md): long lines, long sentences, words that hide the
 * subject. It reads Markdown; it knows nothing of files.
 */
export const MAX_LINE = 120;
export const MAX_WORDS = 30;

/** Words of the first documentation that readers had to decode, each with the plain word. */
export const PLAIN_WORDS: Readonly<Record<string, string>> = {
  anew: 'again',
  whence: 'so',
  whoever: 'a person who',
  nobody: 'no rater, no user',
  amid: 'during',
  'of its own': 'separate',
  'of their own': 'separate',
  'gone on with': 'continued',
};

const WORD_PATTERNS = Object.entries(PLAIN_WORDS).map(([word, plain]) => ({
  pattern: new RegExp(`\\b${word}\\b`, 'i'),
  problem: `"${word}": write "${plain}"`,
}));

export interface ProseProblem {
  /** From 1. */
  readonly line: number;
  readonly problem: string;
}

/** A sentence that begins so names its subject elsewhere; a reader who meets it alone cannot know the subject. */
const BEGINS_WITH_PRONOUN = /^[*_"'(]*(It|Its|They|Their|Them|Those)\b/;

interface Paragraph {
  readonly line: number;
  readonly text: string;
}

export function checkProse(markdown: string): ProseProblem[] {
  const lines = proseLines(markdown.split('\n'));
  return [...lines.flatMap(checkLine), ...paragraphs(lines).flatMap(checkSentences)].sort((a, b) => a.line - b.line);
}

/** Lines outside of code blocks, tables and pictures; others are empty. */
function proseLines(lines: readonly string[]): Paragraph[] {
  let fenced = false;
  return lines.map((text, i) => {
    const fence = /^\s*```/.test(text);
    if (fence) fenced = !fenced;
    const prose = !fence && !fenced && !/^( {4}|\||!\[)/.test(text);
    return { line: i + 1, text: prose ? text : '' };
  });
}

function checkLine({ line, text }: Paragraph): ProseProblem[] {
  const problems = WORD_PATTERNS.filter(({ pattern }) => pattern.test(text)).map(({ problem }) => ({ line, problem }));
  // An address cannot be broken.
  const long = text.length > MAX_LINE && !/\S{80,}/.test(text);
  return long
    ? [{ line, problem: `expected at most ${MAX_LINE} characters, got ${text.length}` }, ...problems]
    : problems;
}

/** Lines between empty lines, headings and bullets, joined. */
function paragraphs(lines: readonly Paragraph[]): Paragraph[] {
  const found: Paragraph[] = [];
  let open: Paragraph | undefined;
  for (const { line, text } of lines) {
    const begins = /^\s*([-*] |\d+\. |#)/.test(text);
    if (text.trim() === '' || begins) {
      if (open) found.push(open);
      open = undefined;
    }
    if (text.trim() !== '')
      open = open ? { ...open, text: `${open.text} ${text.trim()}` } : { line, text: text.trim() };
  }
  return open ? [...found, open] : found;
}

/** Sentences of documentation and docstrings that begin with a pronoun in place of their subject. */
export function checkSubjects(markdown: string): ProseProblem[] {
  return paragraphs(proseLines(markdown.split('\n'))).flatMap(({ line, text }) =>
    sentences(text.replace(/^([-*]|\d+\.) /, '')).flatMap((sentence) => {
      const [, pronoun] = BEGINS_WITH_PRONOUN.exec(sentence) ?? [];
      return pronoun ? [{ line, problem: `"${pronoun} ..." begins a sentence: name the subject` }] : [];
    }),
  );
}

function checkSentences({ line, text }: Paragraph): ProseProblem[] {
  return sentences(text)
    .map((sentence) => sentence.split(/\s+/).filter((word) => /\w/.test(word)).length)
    .filter((words) => words > MAX_WORDS)
    .map((words) => ({ line, problem: `expected sentences of at most ${MAX_WORDS} words, got one of ${words}` }));
}

/** A colon before a list ends a thought, too; code in backticks is one word. */
function sentences(text: string): string[] {
  const plain = text.replace(/`[^`]*`/g, 'code').replace(/\]\([^)]*\)/g, ']');
  return plain.split(/(?<=[.!?:;]["')\]*]*)\s+/);
}
