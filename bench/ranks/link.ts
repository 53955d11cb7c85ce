/**
 * The same update with its ranks on two hosts, network namespaces of this machine, over a link of a given rate and
 * delay.
 */
import type { LinkLimits } from '../../tools/cable.ts';
import { makeTwoHosts } from '../../tools/two-hosts.ts';
import type { Benchmark } from '../benchmarks.ts';
import { column, measureSides, type SidesOptions } from '../sides.ts';
import { spreadOf } from '../statistics.ts';
import { startHeedRanks } from './launch.ts';

export interface LinkResult {
  /** What the link was limited to, in words. */
  readonly link: string;
  readonly updateSeconds: number;
  /** Of the exchange in one update, after all ranks have come to it. */
  readonly exchangeSeconds: number;
}

const RANKS = 2;

/** Needs root, Open MPI and iproute2. */
export async function measureLinks(
  benchmark: Benchmark,
  links: readonly LinkLimits[],
  options: SidesOptions,
): Promise<LinkResult[]> {
  const hosts = await makeTwoHosts(options.folder);
  try {
    const results: LinkResult[] = [];
    for (const { gbit, delayMs } of links) {
      await hosts.shape({ gbit, delayMs });
      const named = {
        ...benchmark,
        name: `${benchmark.name}-${gbit}-${delayMs}`,
        settings: { ...benchmark.settings, timesExchange: true },
      };
      const side = {
        name: 'two hosts',
        threads: 1,
        start: () => startHeedRanks({ ranks: RANKS, folder: options.folder, launcher: hosts.launcher }),
      };
      const { measured } = await measureSides(named, [side], options);
      const { rows } = measured[0]!;
      const exchanges = rows.map(({ exchange }) => exchange!);
      results.push({
        link: `${gbit} Gbit/s${delayMs > 0 ? ` and ${delayMs} ms each way` : ''}`,
        updateSeconds: spreadOf(column(rows, 'seconds')).median,
        exchangeSeconds: spreadOf(column(exchanges, 'seconds')).median,
      });
    }
    return results;
  } finally {
    hosts.close();
  }
}
