/** The command line of `npm run bench`. */

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DEVICE_NAMES } from '../packages/heed/src/config/device-names.ts';
import { badInput } from '../packages/heed/src/errors.ts';
import type { LinkLimits } from '../tools/cable.ts';
import { BENCHMARKS, type Benchmark } from './benchmarks.ts';
import { FULL_SIZE_BENCHMARKS } from './full-size-benchmarks.ts';
import { FILES } from './inputs/files.ts';
import { METHODS_BENCHMARK } from './methods/benchmarks.ts';
import { type BenchRuntime, PEER_FORMS } from './protocol.ts';

const PRECISIONS = ['float32', 'float16'] as const;
const DEFAULT_ROUNDS = 10;
/** A round takes minutes there. */
const DEFAULT_FULL_SIZE_ROUNDS = 3;

export const USAGE = `npm run bench -- [--only NAME[,NAME]] [--rounds N] [--threads T] [--json] [--device D] [--precision P] [--peer F] [--capture-graph]
              [--batch N] [--full-size FOLDER]
npm run bench -- --ranks N [--link GBIT[:MS][,...]] [--rounds N] [--full-size FOLDER] [--json]

Measures heed beside PyTorch: the same work, machine, threads and batch, in turns. bench/README.md tells how.

  --only NAME  one of ${BENCHMARKS.map(({ name }) => name).join(', ')}; several with commas
               ${METHODS_BENCHMARK}: an update of every tuning method of heed, beside equation 2's
  --rounds N   timed rounds a side (default ${DEFAULT_ROUNDS})
  --threads T  threads of either side (default: one a core)
  --json       prints the result as JSON
  --device D   where heed computes: ${DEVICE_NAMES.join(', ')} (default cpu); PyTorch takes CUDA for any but cpu
  --precision P  ${PRECISIONS.join(' or ')} for heed (default float32)
  --peer F     how PyTorch computes: ${PEER_FORMS.join(', ')} (default float32; float16 is in channels-last layout)
  --capture-graph  heed replays its updates as CUDA graphs
  --batch N    samples of an update in place of the benchmark's own number
  --full-size FOLDER  measures Stable Diffusion 1.5 and CLIP ViT-L/14, written to FOLDER by tools/write-random-model.ts, one
               side's process after the other (default ${DEFAULT_FULL_SIZE_ROUNDS} rounds, 24 GB of memory):
               ${FULL_SIZE_BENCHMARKS.map(({ name }) => name).join(', ')}
  --ranks N    measures N ranks of one thread, started by mpirun, beside one rank, N replicas in one process and PyTorch DDP:
               the tiny model, or a LoRA of Stable Diffusion 1.5 with --full-size
  --link GBIT[:MS]  with --ranks 2: also between two network namespaces over a link of so many Gbit/s, delayed by so many
               milliseconds each way (1,10,1:10); needs root

HEED_BENCH_PYTHON names the Python that has torch, diffusers and transformers (default python3).
Exit codes: 0 measured, 1 failed or the two sides computed different things, 2 bad input, 130 interrupted.`;

export interface BenchOptions {
  help: boolean;
  json: boolean;
  benchmarks: readonly Benchmark[];
  rounds: number;
  threads: number;
  runtime: BenchRuntime;
  /** Measures an update of every tuning method in place of the benchmarks. */
  methods: boolean;
  /** Ranks of one thread to measure in place of the benchmarks; the links to measure them on as well. */
  ranks?: number;
  links: readonly LinkLimits[];
  /** The folder with models of true size; the shipped ones are measured where it is absent. */
  fullSize?: string;
}

/** Throws one sentence with exit code 2 for what it does not understand. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = parse(args);
  const fullSize = values['full-size'];
  const known = fullSize === undefined ? BENCHMARKS : FULL_SIZE_BENCHMARKS;
  if (fullSize !== undefined) checkModels(fullSize);
  const ranks = positiveWhole('--ranks', values.ranks);
  if (ranks === 1) throw badInput("--ranks: expected at least 2, got '1'");
  if (ranks === undefined && values.link !== undefined) throw badInput('--link: expected --ranks 2 with it, got none');
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    methods: values.only === METHODS_BENCHMARK,
    benchmarks:
      values.only === undefined || values.only === METHODS_BENCHMARK
        ? known
        : values.only.split(',').map((name) => withBatch(findBenchmark(name, known), values.batch)),
    rounds:
      positiveWhole('--rounds', values.rounds) ?? (fullSize === undefined ? DEFAULT_ROUNDS : DEFAULT_FULL_SIZE_ROUNDS),
    threads: positiveWhole('--threads', values.threads) ?? availableParallelism(),
    runtime: {
      device: oneOf('--device', values.device ?? 'cpu', DEVICE_NAMES),
      precision: oneOf('--precision', values.precision ?? 'float32', PRECISIONS),
      ...(values['capture-graph'] ? { captureGraph: true } : {}),
      ...(values.peer === undefined ? {} : { peerForm: oneOf('--peer', values.peer, PEER_FORMS) }),
    },
    links: values.link?.split(',').map(parseLink) ?? [],
    ...(ranks === undefined ? {} : { ranks }),
    ...(fullSize === undefined ? {} : { fullSize }),
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
        'full-size': { type: 'string' },
        rounds: { type: 'string' },
        threads: { type: 'string' },
        device: { type: 'string' },
        precision: { type: 'string' },
        ranks: { type: 'string' },
        link: { type: 'string' },
        peer: { type: 'string' },
        'capture-graph': { type: 'boolean' },
        batch: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw badInput((error as Error).message.split('. ')[0]!);
  }
}

function findBenchmark(name: string, known: readonly Benchmark[]): Benchmark {
  const found = known.find((candidate) => candidate.name === name);
  if (found) return found;
  throw badInput(`--only: expected ${known.map((one) => one.name).join(', ')}, got '${name}'`);
}

/** The benchmark with another number of samples in an update. */
function withBatch(benchmark: Benchmark, text: string | undefined): Benchmark {
  const batchSize = positiveWhole('--batch', text);
  if (batchSize === undefined) return benchmark;
  if (benchmark.kind !== 'training-step') throw badInput(`--batch: expected an update, got ${benchmark.name}`);
  return {
    ...benchmark,
    settings: { ...benchmark.settings, batchSize },
    unit: `${benchmark.unit} (batch ${batchSize})`,
  };
}

function parseLink(text: string): LinkLimits {
  const [, gbit, delayMs = '0'] = /^(\d+(?:\.\d+)?)(?::(\d+))?$/.exec(text) ?? [];
  if (gbit !== undefined && Number(gbit) > 0) return { gbit: Number(gbit), delayMs: Number(delayMs) };
  throw badInput(`--link: expected Gbit/s and, after a colon, milliseconds, as in 1:10, got '${text}'`);
}

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw badInput(`${option}: expected ${known.join(', ')}, got '${text}'`);
}

function checkModels(folder: string): void {
  const missing = [join(FILES.model, 'model_index.json'), join(FILES.clip, 'config.json')].find(
    (file) => !existsSync(join(folder, file)),
  );
  if (missing === undefined) return;
  throw badInput(
    `--full-size ${folder}: expected ${missing}, as \`npx tsx tools/write-random-model.ts ${folder}\` writes it, found none`,
  );
}

function positiveWhole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw badInput(`${option}: expected a positive whole number, got '${text}'`);
  return Number(text);
}
