/**
 * Decides which prompts of a list are held out for evaluation. A list can mark held-out prompts in a column `holdout`
 * or `split`. Without any mark, a seeded random share of the prompts is held out.
 */
import { createRandom } from '@heed/diffusion/autodiff';
import { InputError } from '../errors.ts';
import { quote } from '../text/nearest.ts';

/** The columns of a prompts file that mark held-out prompts. */
export const HOLDOUT_COLUMNS = ['holdout', 'split'] as const;

const HOLDOUT_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  y: true,
  1: true,
  false: false,
  no: false,
  n: false,
  0: false,
};

const SPLIT_WORDS: Readonly<Record<string, boolean>> = {
  train: false,
  training: false,
  learn: false,
  learning: false,
  test: true,
  testing: true,
  eval: true,
  evaluate: true,
  evaluation: true,
  val: true,
  valid: true,
  validation: true,
  dev: true,
  holdout: true,
  heldout: true,
  'held-out': true,
  'held out': true,
  measure: true,
};

/** In a list with fewer prompts than this number, no prompt is held out at random. */
const FEWEST_TO_SHARE = 3;

/**
 * Whether a row is held out; undefined where both cells are empty. Case does not matter. Throws for unknown words in a
 * cell, and when the two cells contradict each other.
 */
export function readHoldout({ holdout, split }: { holdout: string; split: string }): boolean | undefined {
  const [byHoldout, bySplit] = [
    wordIn(HOLDOUT_WORDS, { column: 'holdout', cell: holdout, expected: 'yes or no' }),
    wordIn(SPLIT_WORDS, { column: 'split', cell: split, expected: 'train or test' }),
  ];
  if (byHoldout !== undefined && bySplit !== undefined && byHoldout !== bySplit) {
    throw new InputError(`expected holdout and split to agree, got ${quote(holdout)} and ${quote(split)}`);
  }
  return byHoldout ?? bySplit;
}

function wordIn(
  words: Readonly<Record<string, boolean>>,
  { column, cell, expected }: { column: string; cell: string; expected: string },
): boolean | undefined {
  const word = cell.trim().toLowerCase();
  if (word === '') return undefined;
  if (Object.hasOwn(words, word)) return words[word];
  throw new InputError(`${column}: expected ${expected}, got ${quote(cell)}`);
}

/**
 * Chooses the texts to hold out. The seed and the text give each text a random number in [0, 1). Texts with a number
 * below `share` are held out, so adding or removing prompts does not change which of the other prompts are held out. In
 * a list of three prompts or more, at least one prompt is held out and at least one is not.
 */
export function shareHeldOut(texts: readonly string[], { share, seed }: { share: number; seed: number }): Set<string> {
  if (share === 0 || texts.length < FEWEST_TO_SHARE) return new Set();
  const random = createRandom(seed);
  const placed = texts
    .map((text) => ({ text, place: random.fork(`holdout ${text}`).uniform() }))
    .sort((a, b) => a.place - b.place);
  const below = placed.filter(({ place }) => place < share).length;
  const count = Math.min(Math.max(below, 1), texts.length - 1);
  return new Set(placed.slice(0, count).map(({ text }) => text));
}
