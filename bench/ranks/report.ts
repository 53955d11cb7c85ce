/** The result of `--ranks` as text. */
import { formatTable } from '../../packages/heed/src/cli/table.ts';
import type { Spread } from '../statistics.ts';
import { LINE_RATES_GBIT, shareOfExchange, shareOnLine } from './exchange-share.ts';
import type { LinkResult } from './link.ts';
import type { RanksResult } from './measure.ts';

/** Two ranks reach at least so much of what replicas in one process reach. */
const LEAST_OF_REPLICAS = 0.97;

/** Lines for the terminal. */
export function describeRanks(result: RanksResult, links: readonly LinkResult[]): string[] {
  const { name, unit, sides, ranksToReplicas, speedUpToPeer, exchange, agreement, ranks } = result;
  const ratios = [
    ['ratio', 'median', 'quartiles', 'target'],
    [`${ranks} ranks / ${ranks} replicas, updates a second`, ...ratio(ranksToReplicas, LEAST_OF_REPLICAS)],
    ...(speedUpToPeer ? [[`speed-up of ${ranks} ranks, heed / PyTorch`, ...ratio(speedUpToPeer, 1)]] : []),
  ];
  const worst = agreement.reduce((a, b) => (a.difference / a.tolerance > b.difference / b.tolerance ? a : b));
  return [
    `${name}: ${unit}`,
    '',
    ...formatTable([
      ['one thread a rank and replica', 'seconds an update', 'quartiles', 'speed-up', 'quartiles', 'peak memory, MB'],
      ...sides.map((side) => [
        side.name,
        side.seconds.median.toPrecision(3),
        quartiles(side.seconds, (value) => value.toPrecision(3)),
        ...[twoDigits(side.speedUp.median), quartiles(side.speedUp, twoDigits)],
        (side.peakBytes / 1e6).toFixed(0),
      ]),
    ]),
    '',
    ...formatTable(ratios),
    '',
    `all sides compute the same: ${worst.side}, ${worst.name} differs most from one rank, by ${worst.difference.toExponential(1)} (allowed ${worst.tolerance.toExponential(0)})`,
    `an update exchanges ${megabytes(exchange.bytes)} MB of sums; in one machine ${exchange.seconds.toPrecision(2)} s with waiting`,
    '',
    ...formatTable([
      [`exchange's share of an update, ${ranks} ranks`, 'seconds', 'share'],
      ...LINE_RATES_GBIT.map((gbit) => {
        const { seconds, share } = shareOnLine({ ...exchange, ranks, gbit, updateSeconds: sides[2]!.seconds.median });
        return [`${gbit} Gbit/s, calculated`, seconds.toPrecision(2), percent(share)];
      }),
      ...links.map((link) => [
        `${link.link}, measured`,
        link.exchangeSeconds.toPrecision(2),
        percent(shareOfExchange(link)),
      ]),
    ]),
  ];
}

function ratio(spread: Spread, least: number): string[] {
  const verdict = spread.median >= least ? 'met' : 'missed';
  return [spread.median.toFixed(3), quartiles(spread, (value) => value.toFixed(3)), `>= ${least} ${verdict}`];
}

const twoDigits = (value: number) => value.toFixed(2);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
const quartiles = ({ lower, upper }: Spread, show: (value: number) => string) => `${show(lower)} to ${show(upper)}`;
