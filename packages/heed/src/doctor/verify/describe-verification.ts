/** Describes the findings of `heed doctor --verify` in lines for people. */
import type { VerifyReport } from './verify.ts';

/** The largest number of findings that a terminal shows; `--json` has all. */
const MAX_LINES = 100;

export function describeVerification({ ok, counts, damage, notes }: VerifyReport): string[] {
  const looked = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  const shown = damage.slice(0, MAX_LINES).map(({ path, fault }) => `damaged  ${path}: ${fault}`);
  const rest = damage.length - shown.length;
  return [
    ...notes.map((note) => `note     ${note}`),
    ...shown,
    ...(rest > 0 ? [`damaged  and ${rest} more (--json names all)`] : []),
    `${ok ? 'All is whole' : `${damage.length} damaged`}: ${looked.join(', ')} were compared with what was recorded of them.`,
  ];
}
