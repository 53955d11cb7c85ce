/** The public API of @heed/diffusion. */
export { createTokenizer, type EncodedTexts, loadTokenizer, type Tokenizer } from './tokenizer/tokenizer.ts';
export {
  readTokenizerFiles,
  type SpecialTokens,
  type TokenizerFiles,
  writeTokenizer,
} from './tokenizer/tokenizer-files.ts';
export { trainBytePairTokenizer } from './tokenizer/train-byte-pair-tokenizer.ts';
