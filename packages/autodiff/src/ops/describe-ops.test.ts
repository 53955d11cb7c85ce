import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { opsTable } from './describe-ops.ts';

test('docs/ops.md says what the table is', () => {
  const path = fileURLToPath(new URL('../../../../docs/ops.md', import.meta.url));
  expect(readFileSync(path, 'utf8')).toBe(opsTable());
});
