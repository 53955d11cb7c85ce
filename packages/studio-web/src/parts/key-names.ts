/**
 * What a pressed key is called: by its letter, and by its place on the keyboard where the letter is of another script.
 */

export type PressedKey = Pick<KeyboardEvent, 'key' | 'code' | 'shiftKey'>;

/**
 * Names to look up in a table of keys, the letter first. A Cyrillic, Greek or Arabic layout and an input method have no
 * 'g': there the key at the place of 'g' counts. Digits count by place on layouts that need Shift for them.
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
