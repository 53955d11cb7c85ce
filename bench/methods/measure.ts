/** Every tuning method beside equation 2: seconds and memory of an update, and what its passes let one expect. */
import { formatTable } from '../../packages/heed/src/cli/table.ts';
import type { MethodName } from '../../packages/heed/src/config/index.ts';
import type { Benchmark } from '../benchmarks.ts';
import { column, measureSides, type SidesOptions } from '../sides.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import { startHeed } from '../worker.ts';

export interface MethodResult {
  readonly method: MethodName;
  readonly unit: string;
  /** Of one update by the clock, and of all cores together. */
  readonly seconds: Spread;
  readonly cpuSeconds: Spread;
  readonly peakBytes: number;
}

/** One process a method, one after the other; the first result is equation 2's. */
export async function measureMethods(
  benchmarks: readonly Benchmark<'method-update'>[],
  options: SidesOptions & {
    threads: number;
    /** Told of each method once it is measured. */
    onMeasured?: (result: MethodResult) => void;
  },
): Promise<MethodResult[]> {
  const results: MethodResult[] = [];
  for (const benchmark of benchmarks) {
    const side = { name: 'heed', threads: options.threads, start: startHeed };
    const { measured } = await measureSides(benchmark, [side], options);
    const { rows, peakBytes } = measured[0]!;
    const result = {
      method: benchmark.settings.method,
      unit: benchmark.unit,
      seconds: spreadOf(column(rows, 'seconds')),
      cpuSeconds: spreadOf(column(rows, 'cpuSeconds')),
      peakBytes,
    };
    options.onMeasured?.(result);
    results.push(result);
  }
  return results;
}

/** The table, with ratios to equation 2. */
export function describeMethods(results: readonly MethodResult[]): string[] {
  const [first] = results;
  if (first === undefined) return [];
  const rows = results.map(({ method, seconds, cpuSeconds, peakBytes }) => [
    method,
    seconds.median.toFixed(2),
    (seconds.median / first.seconds.median).toFixed(2),
    cpuSeconds.median.toFixed(2),
    (cpuSeconds.median / first.cpuSeconds.median).toFixed(2),
    (peakBytes / 1e6).toFixed(0),
    (peakBytes / first.peakBytes).toFixed(2),
  ]);
  const header = ['method', 's', 'to eq. 2', 'processor s', 'to eq. 2', 'peak MB', 'to eq. 2'];
  return [first.unit, ...formatTable([header, ...rows])];
}
