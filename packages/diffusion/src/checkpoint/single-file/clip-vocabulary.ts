/**
 * CLIP's own byte-pair vocabulary, which all Stable Diffusion 1.x models use but single-file checkpoints do not
 * contain. `assets/clip-merges.txt` holds the 48,894 merges of OpenAI's `bpe_simple_vocab_16e6.txt.gz` (MIT, see
 * NOTICE) that CLIP uses; the tokens are derived from these merges as in OpenAI's `simple_tokenizer.py`.
 */
import { readFile } from 'node:fs/promises';
import { BYTE_ALPHABET } from '../../tokenizer/byte-alphabet.ts';
import { createTokenizer, type Tokenizer } from '../../tokenizer/tokenizer.ts';
import { CLIP_SPECIAL_TOKENS, type TokenizerFiles } from '../../tokenizer/tokenizer-files.ts';

const MERGES = new URL('../../../assets/clip-merges.txt', import.meta.url);
const MAX_LENGTH = 77;

/** The vocabulary has 49,408 tokens: bytes, bytes that end a word, merges, and the begin and end tokens. */
async function clipTokenizerFiles(): Promise<TokenizerFiles> {
  const lines = (await readFile(MERGES, 'utf8')).split('\n').slice(1);
  const merges = lines.filter((line) => line !== '').map((line) => line.split(' ') as [string, string]);
  const { bos, eos } = CLIP_SPECIAL_TOKENS;
  const tokens = [
    ...BYTE_ALPHABET,
    ...BYTE_ALPHABET.map((byte) => `${byte}</w>`),
    ...merges.map((pair) => pair.join('')),
    bos,
    eos,
  ];
  return {
    vocab: new Map(tokens.map((token, id) => [token, id])),
    merges,
    specialTokens: CLIP_SPECIAL_TOKENS,
    maxLength: MAX_LENGTH,
  };
}

/** The tokenizer of Stable Diffusion 1.x. */
export async function clipTokenizer(): Promise<Tokenizer> {
  return createTokenizer(await clipTokenizerFiles());
}
