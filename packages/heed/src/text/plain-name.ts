/** Cleans names that users chose, so that the names can be shown within a sentence. */

/**
 * Marks that change the direction of the text around them (U+202E makes "evil" read "live"), and characters without
 * width, with which two names look alike. The joiners U+200C and U+200D stay: Persian and emoji need them.
 */
const UNSEEN =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** The name without direction marks, invisible characters and control characters, with single spaces. */
export function plainName(name: string): string {
  return name.normalize('NFC').replace(UNSEEN, '').replace(CONTROL, ' ').replace(/\s+/g, ' ').trim();
}
