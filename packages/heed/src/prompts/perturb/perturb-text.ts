/**
 * Makes perturbed prompts for the reward's auxiliary task (section 3.2: "Red dog" -> "Blue dog") from a prompt that the
 * project's world does not know. Known words are swapped. If swapping words gives too few prompts, other prompts of the
 * project are added.
 */
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { wordsOf } from './spans.ts';
import { swapWords } from './swap-words.ts';
import { STOP_WORDS } from './words.ts';

/** The possible sources of a prompt's perturbed prompts. */
export const PERTURBATION_SOURCES = ['world', 'words', 'words-and-prompts', 'prompts', 'none'] as const;
export type PerturbationSource = (typeof PERTURBATION_SOURCES)[number];

export interface PerturbedText {
  readonly texts: readonly string[];
  readonly source: PerturbationSource;
}

/** Words and prompts of the project from which perturbed prompts are made. */
export interface ProjectWords {
  /** Objects in the project's prompts, in the singular. */
  readonly things: readonly string[];
  /** The prompts themselves, without held-out ones. */
  readonly prompts: readonly string[];
}

/**
 * Number of other objects that are tried in place of each noun; a project's prompts can contain thousands of objects.
 */
const THINGS_EACH = 40;

/**
 * Returns up to `count` different texts whose meaning differs from that of `text`. The result is deterministic for a
 * given `random`.
 */
export function perturbText(
  text: string,
  { count, random, project }: { count: number; random: RandomGenerator; project: ProjectWords },
): PerturbedText {
  const things = random.shuffle([...project.things]).slice(0, THINGS_EACH);
  const texts = new Set<string>();
  takeTurns(swapWords(text, { things }), { count, random, texts });
  for (const swapped of [...texts]) {
    if (texts.size >= count) break;
    takeTurns(
      swapWords(swapped, { things }).map((list) => list.filter((each) => each !== text)),
      { count, random, texts },
    );
  }
  const swaps = texts.size;
  for (const other of texts.size < count ? random.shuffle([...project.prompts]) : []) {
    if (texts.size >= count) break;
    if (asksForMore(other, text)) texts.add(other);
  }
  const source =
    swaps === 0 ? (texts.size === 0 ? 'none' : 'prompts') : texts.size > swaps ? 'words-and-prompts' : 'words';
  return { texts: [...texts], source };
}

/**
 * Whether `other` asks for something that `text` does not, so that a correct picture of `text` can be a wrong picture
 * of `other`.
 */
function asksForMore(other: string, text: string): boolean {
  const own = contentOf(text);
  return [...contentOf(other)].some((word) => !own.has(word));
}

/** Words that carry meaning; in scripts without spaces, the characters. */
function contentOf(text: string): Set<string> {
  const words = wordsOf(text).flatMap(({ word }) => (/^\p{Script=Latin}/u.test(word) ? [word] : [...word]));
  const numbers = text.match(/\d+/g) ?? [];
  return new Set([...words.map((word) => word.toLowerCase()).filter((word) => !STOP_WORDS.has(word)), ...numbers]);
}

/** Takes one text from each list in turn, so that every word is swapped equally often. */
function takeTurns(
  lists: readonly (readonly string[])[],
  { count, random, texts }: { count: number; random: RandomGenerator; texts: Set<string> },
): void {
  const queues = random.shuffle(lists.map((list) => random.shuffle([...list])));
  while (texts.size < count && queues.some((queue) => queue.length > 0)) {
    for (const queue of queues) {
      const text = queue.pop();
      if (text !== undefined && texts.size < count) texts.add(text);
    }
  }
}
