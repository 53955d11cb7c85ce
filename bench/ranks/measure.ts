/**
 * Several ranks of one thread beside one rank and beside replicas in one process, of heed and of PyTorch DDP on gloo.
 */
import { type Agreement, compareTensors } from '../agreement.ts';
import type { Benchmark } from '../benchmarks.ts';
import { allowedDifferences, column, type MeasuredSide, measureSides, type Side, type SidesOptions } from '../sides.ts';
import { ratioOf, type Spread, spreadOf } from '../statistics.ts';
import { startHeed, startPeer } from '../worker.ts';
import { freePort, startHeedRanks, startPeerRanks } from './launch.ts';

export interface RanksMeasureOptions extends SidesOptions {
  readonly ranks: number;
  /** The interpreter of PyTorch; none measures heed alone. */
  readonly python?: string | undefined;
}

export interface RanksResult {
  readonly name: string;
  readonly unit: string;
  readonly settings: object;
  readonly ranks: number;
  readonly rounds: number;
  readonly sides: readonly {
    readonly name: string;
    /** Of one update by the clock. */
    readonly seconds: Spread;
    /** Seconds of the update on one rank of the same program, divided by these. */
    readonly speedUp: Spread;
    /** Of rank 0. */
    readonly peakBytes: number;
  }[];
  /** Updates a second of the ranks, divided by those of replicas in one process. */
  readonly ranksToReplicas: Spread;
  /** The speed-up of heed's ranks divided by that of PyTorch's. */
  readonly speedUpToPeer?: Spread;
  /** One update's exchange of rank 0: seconds include waiting for the others. */
  readonly exchange: { readonly bytes: number; readonly seconds: number };
  /** Of each side with one rank of heed. */
  readonly agreement: readonly (Agreement & { readonly side: string })[];
}

/** Measures in turn; throws one sentence when a process fails. */
export async function measureRanks(benchmark: Benchmark, options: RanksMeasureOptions): Promise<RanksResult> {
  const { ranks, folder, python, rounds, runtime } = options;
  const port = await freePort();
  const { device } = runtime;
  const sides: Side[] = [
    { name: 'heed, one rank', threads: 1, start: startHeed },
    { name: `heed, ${ranks} replicas in one process`, threads: ranks, start: startHeed },
    { name: `heed, ${ranks} ranks`, threads: 1, start: () => startHeedRanks({ ranks, folder }) },
  ];
  if (python !== undefined) {
    sides.push(
      { name: 'PyTorch, one rank', threads: 1, start: () => startPeer(python, { threads: 1, device }) },
      {
        name: `PyTorch, ${ranks} ranks of DDP`,
        threads: 1,
        start: () => startPeerRanks(python, { ranks, folder, port }),
      },
    );
  }
  const { measured, checks } = await measureSides(benchmark, sides, options);
  const allowed = allowedDifferences(benchmark, runtime);
  const agreement = sides
    .slice(1)
    .flatMap(({ name }, i) =>
      compareTensors(checks[i + 1]!, checks[0]!, allowed).map((item) => ({ side: name, ...item })),
    );
  const { name, unit, settings } = benchmark;
  return { name, unit, settings, ranks, rounds, agreement, ...ratiosOf(sides, measured) };
}

/** Ratios are taken round by round, so that slow moments of the machine cancel. */
function ratiosOf(sides: readonly Side[], measured: readonly MeasuredSide[]) {
  const seconds = measured.map(({ rows }) => column(rows, 'seconds'));
  const [one, replicas, several, peerOne, peerSeveral] = seconds as [
    number[],
    number[],
    number[],
    number[]?,
    number[]?,
  ];
  const exchanges = measured[2]!.rows.map(({ exchange }) => exchange!);
  const speedUpToPeer =
    peerOne && peerSeveral ? { speedUpToPeer: ratioOf(byRound(one, several), byRound(peerOne, peerSeveral)) } : {};
  return {
    sides: sides.map(({ name }, i) => ({
      name,
      seconds: spreadOf(seconds[i]!),
      speedUp: ratioOf(i < 3 ? one : peerOne!, seconds[i]!),
      peakBytes: measured[i]!.peakBytes,
    })),
    ranksToReplicas: ratioOf(replicas, several),
    ...speedUpToPeer,
    exchange: { bytes: exchanges[0]!.bytes, seconds: spreadOf(column(exchanges, 'seconds')).median },
  };
}

const byRound = (a: readonly number[], b: readonly number[]) => a.map((value, i) => value / b[i]!);
