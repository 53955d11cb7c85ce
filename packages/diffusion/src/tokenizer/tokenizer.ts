/**
 * CLIP's byte-level byte-pair tokenizer: converts texts to the padded ids that `clipText` reads, and finds the place of
 * the end token in each text. Normaliser, splitter and byte-pair merging come from @huggingface/tokenizers, combined as
 * in transformers' `CLIPConverter`.
 */

import { Tokenizer as BytePairTokenizer } from '@huggingface/tokenizers';
import { InputError } from '../errors.ts';
import { expandConcepts, spellRules } from './added-tokens.ts';
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.ts';

/** Turns texts into token ids. */
export interface Tokenizer {
  /**
   * Encodes a batch: begin token, the text's tokens (cut so that all fits), end token, padding up to `maxLength`
   * (default: the tokenizer's own). `eosIndex` is the place of the first end token in each row.
   */
  encode(texts: readonly string[], options?: { maxLength?: number }): EncodedTexts;
  /** The text's tokens as spelled in the vocabulary, without begin and end tokens or truncation. */
  tokenize(text: string): string[];
  /** Number of ids that `encode` needs for the text without truncation: its tokens, begin and end. */
  countTokens(text: string): number;
  /** One more than the highest id, added tokens included: the number of rows of the text encoder's embedding table. */
  readonly vocabSize: number;
  readonly bosId: number;
  readonly eosId: number;
  readonly padId: number;
  /** `model_max_length`, 77 for Stable Diffusion. */
  readonly maxLength: number;
  /** The tokenizer's files, for `writeTokenizer`. */
  readonly files: TokenizerFiles;
}

/** Ids of a batch of texts in the form of graph inputs. */
export interface EncodedTexts {
  readonly inputIds: BigInt64Array; // [B, T]
  readonly eosIndex: BigInt64Array; // [B]
}

/** Reads a tokenizer folder; throws an error that names the file, the expected and the actual content. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  return createTokenizer(await readTokenizerFiles(folder));
}

/** Makes the tokenizer of `files`. */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const { vocab, specialTokens } = files;
  const bosId = idOf(files, specialTokens.bos);
  const eosId = idOf(files, specialTokens.eos);
  const padId = idOf(files, specialTokens.pad);
  const bytePairs = new BytePairTokenizer(clipPipeline(files), {});
  const added = new Set((files.addedTokens ?? []).map(({ content }) => content));
  // Character by character as transformers does it; JavaScript alone looks whether a sigma ends its word.
  const withPlainSigma = (text: string) => text.replaceAll('Σ', 'σ');
  const plainTokens = (text: string): string[] =>
    bytePairs.tokenize(withPlainSigma(text), { add_special_tokens: false });
  const expand = (text: string) =>
    added.size === 0
      ? text
      : expandConcepts(text, new Set(plainTokens(text).filter((token) => added.has(token))), added);
  const idsOf = (text: string) => bytePairs.encode(withPlainSigma(expand(text)), { add_special_tokens: false }).ids;

  const encode = (
    texts: readonly string[],
    { maxLength = files.maxLength }: { maxLength?: number } = {},
  ): EncodedTexts => {
    if (!Number.isInteger(maxLength) || maxLength < 2) {
      throw new InputError(`tokenizer: expected maxLength to be an integer of at least 2, got ${maxLength}`);
    }
    const inputIds = new BigInt64Array(texts.length * maxLength).fill(BigInt(padId)); // [B, T]
    const eosIndex = new BigInt64Array(texts.length); // [B]
    texts.forEach((text, row) => {
      const ids = [bosId, ...idsOf(text).slice(0, maxLength - 2), eosId];
      ids.forEach((id, column) => {
        inputIds[row * maxLength + column] = BigInt(id);
      });
      // A text may spell the end token itself; CLIP pools at the first one.
      eosIndex[row] = BigInt(ids.indexOf(eosId));
    });
    return { inputIds, eosIndex };
  };
  const tokenize = (text: string) => plainTokens(expand(text));
  const countTokens = (text: string) => idsOf(text).length + 2;
  const vocabSize = Math.max(vocab.size, ...(files.addedTokens ?? []).map(({ id }) => id + 1));
  return { encode, tokenize, countTokens, vocabSize, bosId, eosId, padId, maxLength: files.maxLength, files };
}

function idOf({ vocab, addedTokens = [] }: TokenizerFiles, token: string): number {
  const id = vocab.get(token) ?? addedTokens.find(({ content }) => content === token)?.id;
  if (id === undefined)
    throw new InputError(`tokenizer: expected the token ${JSON.stringify(token)} in the vocabulary, got none`);
  return id;
}

/** The `tokenizer.json` that transformers' `CLIPConverter` makes of the slow tokenizer's files. */
function clipPipeline(files: TokenizerFiles): object {
  const { bos, eos, unknown } = files.specialTokens;
  const special = (content: string, normalized: boolean) => ({
    id: idOf(files, content),
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized,
    special: true,
  });
  return {
    version: '1.0',
    added_tokens: [
      ...(bos === eos ? [special(eos, false)] : [special(bos, true), special(eos, false)]),
      ...(files.addedTokens ?? [])
        .filter(({ content }) => content !== bos && content !== eos)
        .map((token) => ({ id: token.id, ...spellRules(token) })),
    ],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: '',
      end_of_word_suffix: '</w>',
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(files.vocab),
      merges: files.merges,
    },
  };
}
