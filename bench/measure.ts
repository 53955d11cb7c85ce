/** One benchmark, heed beside PyTorch: the check that both compute the same, then timed rounds in turn. */
import type { ParameterValues } from '@heed/diffusion/autodiff';
import { type Agreement, compareTensors } from './agreement.ts';
import type { Benchmark } from './benchmarks.ts';
import { allowedDifferences, column, type MeasuredSide, measureSides, type Side, type SidesOptions } from './sides.ts';
import { ratioOf, type Spread, spreadOf } from './statistics.ts';
import { startHeed, startPeer } from './worker.ts';

/** What one side needed. */
export interface SideResult {
  /** Of one unit by the clock, over the rounds. */
  seconds: Spread;
  /** Processor time of one unit, all cores together: what is left to compare where others keep the cores busy. */
  cpuSeconds: Spread;
  /** The most resident memory of the process, and what of it was there before any model. */
  peakBytes: number;
  loadedBytes: number;
}

export interface BenchmarkResult {
  name: string;
  unit: string;
  settings: object;
  targets: Benchmark['targets'];
  rounds: number;
  heed: SideResult;
  /** Absent where there is no PyTorch. */
  peer?: SideResult & {
    /** heed / PyTorch, round by round. */
    secondsRatio: Spread;
    cpuRatio: Spread;
    memoryRatio: number;
    agreement: Agreement[];
  };
}

export interface MeasureOptions extends SidesOptions {
  threads: number;
  /** The interpreter of the peer; none runs heed alone. */
  python?: string | undefined;
}

/** Measures; throws one sentence when a process fails. */
export async function measure(benchmark: Benchmark, options: MeasureOptions): Promise<BenchmarkResult> {
  const { rounds, threads, runtime, python } = options;
  const sides: Side[] = [
    { name: 'heed', threads, start: startHeed },
    ...(python === undefined
      ? []
      : [{ name: 'PyTorch', threads, start: () => startPeer(python, { threads, device: runtime.device }) }]),
  ];
  const { measured, checks } = await measureSides(benchmark, sides, options);
  const [ours, theirs] = checks as [ParameterValues, ParameterValues?];
  const agreement = theirs === undefined ? [] : compareTensors(ours, theirs, allowedDifferences(benchmark, runtime));
  return resultOf(benchmark, { rounds, measured, agreement });
}

function resultOf(
  { name, unit, settings, targets }: Benchmark,
  { rounds, measured, agreement }: { rounds: number; measured: readonly MeasuredSide[]; agreement: Agreement[] },
): BenchmarkResult {
  const sides = measured.map(({ rows, peakBytes, loadedBytes }): SideResult => {
    const [seconds, cpuSeconds] = [spreadOf(column(rows, 'seconds')), spreadOf(column(rows, 'cpuSeconds'))];
    return { seconds, cpuSeconds, peakBytes, loadedBytes };
  });
  const [heed, peer] = sides as [SideResult, SideResult?];
  const result = { name, unit, settings, targets, rounds, heed };
  if (peer === undefined) return result;
  const [ours, theirs] = measured.map(({ rows }) => rows) as [MeasuredSide['rows'], MeasuredSide['rows']];
  const ratios = (key: 'seconds' | 'cpuSeconds') => ratioOf(column(ours, key), column(theirs, key));
  const memoryRatio = heed.peakBytes / peer.peakBytes;
  return {
    ...result,
    peer: { ...peer, secondsRatio: ratios('seconds'), cpuRatio: ratios('cpuSeconds'), memoryRatio, agreement },
  };
}
