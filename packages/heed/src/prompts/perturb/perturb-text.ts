/**
 * Other prompts for the reward's auxiliary task, for a prompt that no world knows (section 3.2: "Red dog" -> "Blue
 * dog"). Words are swapped where some are known; the project's other prompts take the places that are left.
 */
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { wordsOf } from './spans.ts';
import { swapWords } from './swap-words.ts';
import { STOP_WORDS } from './words.ts';

/** Where the other prompts of a prompt come from. */
export const PERTURBATION_SOURCES = ['world', 'words', 'words-and-prompts', 'prompts', 'none'] as const;
export type PerturbationSource = (typeof PERTURBATION_SOURCES)[number];

export interface PerturbedText {
  readonly texts: readonly string[];
  readonly source: PerturbationSource;
}

/** What a project's own prompts lend. */
export interface ProjectWords {
  /** Things that they speak of, in the singular. */
  readonly things: readonly string[];
  /** The prompts themselves; never one that is held out. */
  readonly prompts: readonly string[];
}

/** Things tried in the place of each noun; a project can have thousands. */
const THINGS_EACH = 40;

/** Up to `count` different texts that mean something else than `text`; the same for the same `random`. */
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

/** True where `other` asks for something that `text` does not: a picture of `text` can be wrong for it. */
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

/** Lists give one text each in turn, so that every word is swapped as often as another. */
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
