/** The result as text. */
import { formatTable } from '../packages/heed/src/cli/table.ts';
import type { BenchmarkResult, SideResult } from './measure.ts';
import type { Spread } from './statistics.ts';

/** Lines for the terminal; equally good in a Markdown code block. */
export function describeResults(results: readonly BenchmarkResult[]): string[] {
  return [
    ...results.map(({ name, unit }) => `${name}: ${unit}`),
    '',
    ...secondsTable(results, { title: 'seconds', side: 'seconds', ratio: 'secondsRatio', hasTarget: true }),
    '',
    ...secondsTable(results, { title: 'processor seconds', side: 'cpuSeconds', ratio: 'cpuRatio', hasTarget: false }),
    '',
    ...memoryTable(results),
    ...agreementTable(results),
  ];
}

/** True unless a peer computed something else. */
export function allAgree(results: readonly BenchmarkResult[]): boolean {
  return results.every(({ peer }) => peer === undefined || peer.agreement.every(({ agrees }) => agrees));
}

function secondsTable(
  results: readonly BenchmarkResult[],
  column: {
    title: string;
    side: 'seconds' | 'cpuSeconds';
    ratio: 'secondsRatio' | 'cpuRatio';
    /** The targets are of seconds by the clock. */
    hasTarget: boolean;
  },
): string[] {
  const median = (side: SideResult) => side[column.side].median.toPrecision(3);
  return formatTable([
    [column.title, 'heed', 'PyTorch', 'ratio', 'quartiles', ...(column.hasTarget ? ['target'] : [])],
    ...results.map(({ name, heed, peer, targets }) => [
      name,
      median(heed),
      peer ? median(peer) : '-',
      peer ? twoDigits(peer[column.ratio].median) : '-',
      peer ? quartiles(peer[column.ratio]) : '-',
      ...(column.hasTarget ? [verdict(peer?.[column.ratio].median, targets.seconds)] : []),
    ]),
  ]);
}

function memoryTable(results: readonly BenchmarkResult[]): string[] {
  return formatTable([
    ['peak memory, MB', 'heed', 'PyTorch', 'ratio', 'target', 'above the loaded runtime'],
    ...results.map(({ name, heed, peer, targets }) => [
      name,
      megabytes(heed.peakBytes),
      peer ? megabytes(peer.peakBytes) : '-',
      peer ? twoDigits(peer.memoryRatio) : '-',
      verdict(peer?.memoryRatio, targets.memory),
      [heed, ...(peer ? [peer] : [])].map((side) => megabytes(side.peakBytes - side.loadedBytes)).join(' and '),
    ]),
  ]);
}

function agreementTable(results: readonly BenchmarkResult[]): string[] {
  const rows = results.flatMap(({ name, peer }) =>
    (peer?.agreement ?? []).map((item) => [
      name,
      item.name,
      item.difference.toExponential(1),
      item.tolerance.toExponential(0),
      item.agrees ? 'agrees' : 'DIFFERS',
    ]),
  );
  if (rows.length === 0) return [];
  return ['', ...formatTable([['same results', 'tensor', 'relative difference', 'allowed', ''], ...rows])];
}

function verdict(measured: number | undefined, target: number | undefined): string {
  if (target === undefined) return '-';
  const asked = `<= ${target.toFixed(1)}`;
  if (measured === undefined) return asked;
  return `${asked} ${measured <= target ? 'met' : 'missed'}`;
}

const twoDigits = (value: number) => value.toFixed(2);
const quartiles = ({ lower, upper }: Spread) => `${twoDigits(lower)} to ${twoDigits(upper)}`;
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
