/**
 * GPT-2's reversible spelling of bytes as printable characters, which CLIP's vocabulary is written in.
 * Source: `bytes_to_unicode` of openai/gpt-2 `encoder.py`.
 */

const PRINTABLE: readonly (readonly [number, number])[] = [
  [0x21, 0x7e],
  [0xa1, 0xac],
  [0xae, 0xff],
];

/** The 256 characters in CLIP's order: the printable bytes as themselves, then the others from U+0100 on. */
export const BYTE_ALPHABET: readonly string[] = buildAlphabet();

function buildAlphabet(): string[] {
  const printable = PRINTABLE.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
  const others = 256 - printable.length;
  return [...printable, ...Array.from({ length: others }, (_, i) => 256 + i)].map((code) => String.fromCodePoint(code));
}
