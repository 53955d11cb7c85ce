/** Writes docs/ops.md from the op table and the gradient checks' names: `npx tsx tools/write-ops-table.ts`. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { opsTable } from '../packages/autodiff/src/ops/describe-ops.ts';

writeFileSync(fileURLToPath(new URL('../docs/ops.md', import.meta.url)), opsTable());
