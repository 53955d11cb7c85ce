/** `npm run bench -- --ranks N`: measures, prints tables or JSON. */
import { spawnSync } from 'node:child_process';
import { badInput, HeedError } from '../../packages/heed/src/errors.ts';
import type { LinkLimits } from '../../tools/cable.ts';
import { whyNoHosts } from '../../tools/cluster.mjs';
import type { Benchmark } from '../benchmarks.ts';
import type { SidesOptions } from '../sides.ts';
import { loraBenchmark, tinyBenchmark } from './benchmarks.ts';
import { type LinkResult, measureLinks } from './link.ts';
import { measureRanks, type RanksResult } from './measure.ts';
import { describeRanks } from './report.ts';

export interface RanksRunOptions extends SidesOptions {
  readonly ranks: number;
  readonly links: readonly LinkLimits[];
  readonly python?: string | undefined;
}

export interface RanksRun {
  readonly result: RanksResult;
  readonly links: readonly LinkResult[];
}

/**
 * The tiny model, or the LoRA where `models` holds models of true size. Throws where mpirun or what links need is
 * absent.
 */
export async function runRanks(options: RanksRunOptions): Promise<RanksRun> {
  const { ranks, models, links } = options;
  if (spawnSync('mpirun', ['--version']).status !== 0) {
    throw badInput('--ranks: expected mpirun of Open MPI (Debian: openmpi-bin), found none');
  }
  const noHosts = links.length > 0 ? whyNoHosts() : undefined;
  if (noHosts) throw badInput(`--link: expected network namespaces, but ${noHosts.why}`);
  if (links.length > 0 && ranks !== 2) throw badInput(`--link: expected two ranks, one a host, got ${ranks}`);
  const benchmark: Benchmark = models === undefined ? tinyBenchmark(ranks) : loraBenchmark(ranks);
  const result = await measureRanks(benchmark, options);
  return { result, links: await measureLinks(benchmark, links, options) };
}

export function showRanks({ result, links }: RanksRun): string[] {
  return describeRanks(result, links);
}

/** Throws where a side computed something else. */
export function checkRanks({ result }: RanksRun): void {
  const differing = result.agreement.find(({ agrees }) => !agrees);
  if (!differing) return;
  const { side, name, difference, tolerance } = differing;
  throw new HeedError(`${side}: expected ${name} within ${tolerance} of one rank's, got a difference of ${difference}`);
}
