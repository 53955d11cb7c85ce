/** Names of a pressed key: the letter it types, and, if that is no Latin letter, the key's position on the keyboard. */

export type PressedKey = Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey'>;

/**
 * The names to look up in a table of keyboard shortcuts, first the typed letter. Cyrillic, Greek and Arabic layouts and
 * input methods have no 'g', so the key in the position of 'g' has the name 'g'. On layouts that need Shift for digits,
 * the position of a digit key gives its name.
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
