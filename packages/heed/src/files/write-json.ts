/** Writes JSON files for other programs. */
import { writeFileAtomically } from '@heed/diffusion/files';

/**
 * Encodes a value as well-formed JSON. A lone surrogate, which JavaScript strings allow but Python's UTF-8 refuses,
 * becomes U+FFFD.
 */
export function portableJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) => (typeof inner === 'string' ? inner.toWellFormed() : inner),
    space,
  );
}

/** Writes a list as a JSON file with one item a line, atomically. */
export async function writeJsonList(path: string, items: readonly unknown[]): Promise<void> {
  const lines = items.map((item) => portableJson(item));
  await writeFileAtomically(path, items.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`);
}

/** Writes one JSON object a line, atomically. */
export async function writeJsonRows(path: string, rows: readonly object[]): Promise<void> {
  await writeFileAtomically(path, rows.map((row) => `${portableJson(row)}\n`).join(''));
}
