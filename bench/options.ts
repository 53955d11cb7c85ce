/** The command line of `npm run bench`. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { badInput } from '../packages/heed/src/errors.ts';
import { BENCHMARKS, type Benchmark } from './benchmarks.ts';

const DEFAULT_ROUNDS = 10;

export const USAGE = `npm run bench -- [--only NAME[,NAME]] [--rounds N] [--threads T] [--json]

Measures heed beside PyTorch: the same work, machine, threads and batch, in turns. bench/README.md tells how.

  --only NAME  one of ${BENCHMARKS.map(({ name }) => name).join(', ')}; several with commas
  --rounds N   timed rounds a side (default ${DEFAULT_ROUNDS})
  --threads T  threads of either side (default: one a core)
  --json       prints the result as JSON

HEED_BENCH_PYTHON names the Python that has torch, diffusers and transformers (default python3).
Exit codes: 0 measured, 1 failed or the two sides computed different things, 2 bad input, 130 interrupted.`;

export interface BenchOptions {
  help: boolean;
  json: boolean;
  benchmarks: readonly Benchmark[];
  rounds: number;
  threads: number;
}

/** Throws one sentence with exit code 2 for what it does not understand. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = parse(args);
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    benchmarks: values.only === undefined ? BENCHMARKS : values.only.split(',').map(findBenchmark),
    rounds: positiveWhole('--rounds', values.rounds) ?? DEFAULT_ROUNDS,
    threads: positiveWhole('--threads', values.threads) ?? availableParallelism(),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h' },
        json: { type: 'boolean' },
        only: { type: 'string' },
        rounds: { type: 'string' },
        threads: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw badInput((error as Error).message.split('. ')[0]!);
  }
}

function findBenchmark(name: string): Benchmark {
  const found = BENCHMARKS.find((candidate) => candidate.name === name);
  if (found) return found;
  throw badInput(`--only: expected ${BENCHMARKS.map((known) => known.name).join(', ')}, got '${name}'`);
}

function positiveWhole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw badInput(`${option}: expected a positive whole number, got '${text}'`);
  return Number(text);
}
