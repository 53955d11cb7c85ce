/** Names of a pressed key: its letter, and for other scripts its position on the keyboard. */

export type PressedKey = Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey'>;

/**
 * Names to look up in a table of keys, the letter first. Cyrillic, Greek and Arabic layouts and input methods have no
 * 'g', so the key in the position of 'g' counts. Digits count by position on layouts that need Shift for them.
 */
export function keyNames({ key, code, shiftKey }: PressedKey): string[] {
  const isLatin = key.length === 1 && key >= ' ' && key <= '~';
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter !== undefined) return isLatin ? [key] : [key, shiftKey ? letter : letter.toLowerCase()];
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
  if (digit !== undefined && !shiftKey && key !== digit && key.length === 1) return [key, digit];
  if (code === 'Slash' && shiftKey && !isLatin) return [key, '?'];
  return [key];
}
