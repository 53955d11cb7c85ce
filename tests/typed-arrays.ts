/**
 * Vitest's setup file: typed arrays of the same kind with the same bytes are equal. Vitest alone compares a million
 * numbers one by one, which takes seconds. Arrays that differ are left to vitest, which names the first difference.
 */
import { expect } from 'vitest';

const IS_ADDED = Symbol.for('heed: typed arrays are compared as bytes');
const shared = globalThis as { [IS_ADDED]?: true };

function haveSameBytes(a: unknown, b: unknown): true | undefined {
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined;
  if (a.byteLength !== b.byteLength) return undefined;
  const [left, right] = [a, b].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return Buffer.compare(left!, right!) === 0 ? true : undefined;
}

// Files that share a process share the testers.
if (!shared[IS_ADDED]) {
  expect.addEqualityTesters([haveSameBytes]);
  shared[IS_ADDED] = true;
}
