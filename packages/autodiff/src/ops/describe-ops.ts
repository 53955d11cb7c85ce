/** Writes the op table as the document docs/ops.md. A test checks that the document is current. */
import { OPS } from './index.ts';

/** Markdown with one line for each op. */
export function opsTable(): string {
  const rows = Object.entries(OPS).map(
    ([key, op]) => `| \`${key}\` | ${typeof op.vjp === 'string' ? `none: ${op.vjp}` : 'yes'} |`,
  );
  return [
    '# The op table',
    '',
    'Generated from `packages/autodiff/src/ops/` by `npx tsx tools/write-ops-table.ts`. Each row has a shape rule, an ONNX',
    'emission and a gradient rule; `gradient-check.test.ts` checks every one against finite differences over random shapes.',
    'Functions that need no row (attention, cross-entropy, group statistics) are compositions of these.',
    '',
    `| op (${rows.length}) | gradient |`,
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}
