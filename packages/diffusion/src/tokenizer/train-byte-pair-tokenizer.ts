/**
 * Learns a byte-pair vocabulary from a corpus (Sennrich et al. 2016, algorithm 1). The vocabulary has CLIP's order: 256
 * bytes, 256 bytes at the end of a word, merges as learnt, `<|startoftext|>`, `<|endoftext|>`.
 */
import { BYTE_ALPHABET } from './byte-alphabet.ts';
import { createTokenizer } from './tokenizer.ts';
import { CLIP_SPECIAL_TOKENS, type TokenizerFiles } from './tokenizer-files.ts';

const END_OF_WORD = '</w>';
const FIXED_TOKENS = 2 * BYTE_ALPHABET.length + 2;

interface Word {
  symbols: string[];
  readonly count: number;
}

/**
 * Trains on `corpus`. The vocabulary has at most `vocabSize` tokens: fewer when no pair occurs twice any more. Training
 * is deterministic: each step merges the most frequent pair, and among equally frequent pairs the one that sorts first.
 * Throws when `vocabSize` has no room for the 514 fixed tokens.
 */
export function trainBytePairTokenizer(
  corpus: readonly string[],
  { vocabSize, maxLength = 77 }: { vocabSize: number; maxLength?: number },
): TokenizerFiles {
  if (!Number.isInteger(vocabSize) || vocabSize < FIXED_TOKENS) {
    throw new Error(
      `tokenizer training: expected vocabSize of at least ${FIXED_TOKENS} (bytes and special tokens), got ${vocabSize}`,
    );
  }
  const words = countWords(corpus, maxLength);
  const merges: [string, string][] = [];
  for (
    let best = mostFrequentPair(words);
    best && merges.length < vocabSize - FIXED_TOKENS;
    best = mostFrequentPair(words)
  ) {
    merges.push(best);
    for (const word of words) word.symbols = mergePair(word.symbols, best);
  }
  return clipFiles(merges, maxLength);
}

/** Makes the tokenizer files for the given merges, with the vocabulary in CLIP's order. */
function clipFiles(merges: readonly (readonly [string, string])[], maxLength: number): TokenizerFiles {
  const tokens = [
    ...BYTE_ALPHABET,
    ...BYTE_ALPHABET.map((byte) => byte + END_OF_WORD),
    // Two merges may spell the same token: "a b" + "c" and "a" + "b c".
    ...new Set(merges.map(([left, right]) => left + right)),
    CLIP_SPECIAL_TOKENS.bos,
    CLIP_SPECIAL_TOKENS.eos,
  ];
  const vocab = new Map(tokens.map((token, id) => [token, id]));
  return { vocab, merges, specialTokens: CLIP_SPECIAL_TOKENS, maxLength };
}

/**
 * The corpus's distinct words as sequences of bytes, with frequencies. The corpus is split by a tokenizer without
 * merges, exactly as the trained tokenizer will split texts.
 */
function countWords(corpus: readonly string[], maxLength: number): Word[] {
  const byteTokenizer = createTokenizer(clipFiles([], maxLength));
  const counts = new Map<string, number>();
  for (const text of corpus) {
    let word: string[] = [];
    for (const symbol of byteTokenizer.tokenize(text)) {
      word.push(symbol);
      if (!symbol.endsWith(END_OF_WORD)) continue;
      const key = word.join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
      word = [];
    }
  }
  return [...counts].map(([key, count]) => ({ symbols: key.split(' '), count }));
}

function mostFrequentPair(words: readonly Word[]): [string, string] | undefined {
  const counts = new Map<string, number>();
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: string | undefined;
  let bestCount = 1;
  for (const [pair, count] of counts) {
    if (count > bestCount || (count === bestCount && best !== undefined && pair < best)) {
      best = pair;
      bestCount = count;
    }
  }
  return best?.split(' ') as [string, string] | undefined;
}

function mergePair(symbols: readonly string[], [left, right]: readonly [string, string]): string[] {
  const merged: string[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else {
      merged.push(symbols[i]!);
    }
  }
  return merged;
}
