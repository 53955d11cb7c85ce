/** JSON files for other programs. */
import { writeFileAtomically } from '@heed/diffusion/files';

/**
 * JSON whose texts are all well formed: half of a surrogate pair, which JavaScript allows and Python's UTF-8 refuses,
 * becomes U+FFFD.
 */
export function portableJson(value: unknown, space?: number): string {
  return JSON.stringify(
    value,
    (_, inner: unknown) => (typeof inner === 'string' ? inner.toWellFormed() : inner),
    space,
  );
}

/** A list as a JSON file with one item a line, whole or not at all. */
export async function writeJsonList(path: string, items: readonly unknown[]): Promise<void> {
  const lines = items.map((item) => portableJson(item));
  await writeFileAtomically(path, items.length === 0 ? '[]\n' : `[\n${lines.join(',\n')}\n]\n`);
}

/** One JSON object a line, whole or not at all. */
export async function writeJsonRows(path: string, rows: readonly object[]): Promise<void> {
  await writeFileAtomically(path, rows.map((row) => `${portableJson(row)}\n`).join(''));
}
