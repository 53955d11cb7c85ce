/** `npm run bench`: heed beside PyTorch. Parses, runs each benchmark, prints; the measuring is `measure.ts`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeVersion } from '@heed/diffusion/autodiff';
import { showError } from '../packages/heed/src/cli/show-error.ts';
import { EXIT_CODES, type ExitCode, HeedError } from '../packages/heed/src/errors.ts';
import { machineSpeed } from './machine-speed.ts';
import { type BenchmarkResult, type MeasureOptions, measure } from './measure.ts';
import { methodBenchmarks } from './methods/benchmarks.ts';
import { describeMethods, measureMethods } from './methods/measure.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { findPeerPython } from './python.ts';
import { checkRanks, runRanks, showRanks } from './ranks/run.ts';
import { allAgree, describeResults } from './report.ts';

const note = (line: string) => process.stderr.write(`${line}\n`);

async function run(options: BenchOptions, signal: AbortSignal): Promise<ExitCode> {
  const found = await findPeerPython();
  const peer = 'missing' in found ? undefined : found;
  const machine = {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    loadBefore: loadavg()[0]!,
    ...(await machineSpeed()),
  };
  const versions = { node: process.versions.node, onnxruntime: runtimeVersion, ...peer?.versions };
  const folder = await mkdtemp(join(tmpdir(), 'heed-bench-'));
  const { rounds, runtime, fullSize } = options;
  const common = {
    folder,
    rounds,
    runtime,
    python: peer?.command,
    signal,
    onRound: showRound,
    models: fullSize,
    oneAfterTheOther: fullSize !== undefined,
  };
  const measured = await measureAsked(options, common).finally(() => rm(folder, { recursive: true, force: true }));
  if (options.json) console.log(JSON.stringify({ machine, runtime, versions, ...measured.data }, undefined, 2));
  else {
    const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    console.log(
      `${machine.date}, ${machine.cpu}, ${machine.cores} cores, ${machine.gflops} GFLOP/s in a product, ${machine.copyGBs} GB/s in a copy, load ${machine.loadBefore.toFixed(1)} before`,
    );
    console.log(`${names.join(', ')}, ${runtime.device} in ${runtime.precision}\n`);
    console.log(measured.lines.join('\n'));
  }
  if ('missing' in found) note(found.missing);
  measured.check();
  return EXIT_CODES.ok;
}

interface Measured {
  readonly data: object;
  readonly lines: readonly string[];
  /** Throws one sentence where sides computed different things. */
  check(): void;
}

type Common = Omit<MeasureOptions, 'threads'>;

function measureAsked(options: BenchOptions, common: Common): Promise<Measured> {
  if (options.methods) return measureTuningMethods(options, common);
  return options.ranks === undefined ? measureAll(options, common) : measureRanks(options.ranks, options, common);
}

async function measureAll({ benchmarks, threads, rounds }: BenchOptions, common: Common): Promise<Measured> {
  const results: BenchmarkResult[] = [];
  for (const benchmark of benchmarks) {
    const start = performance.now();
    results.push(await measure(benchmark, { ...common, threads }));
    note(`${benchmark.name}: ${rounds} rounds, ${((performance.now() - start) / 1000).toFixed(0)} s in all`);
  }
  return {
    data: { threads, benchmarks: results },
    lines: [`${threads} threads`, ...describeResults(results)],
    check() {
      if (allAgree(results)) return;
      throw new HeedError('heed and PyTorch were expected to compute the same, but differ by more than is allowed');
    },
  };
}

async function measureTuningMethods({ threads }: BenchOptions, common: Common): Promise<Measured> {
  const benchmarks = methodBenchmarks({ isFullSize: common.models !== undefined });
  const methods = await measureMethods(benchmarks, {
    ...common,
    threads,
    onMeasured: ({ method, seconds, cpuSeconds, peakBytes }) =>
      note(
        `${method}: ${seconds.median.toFixed(2)} s, ${cpuSeconds.median.toFixed(2)} processor s, ${(peakBytes / 1e6).toFixed(0)} MB`,
      ),
  });
  return { data: { threads, methods }, lines: [`${threads} threads`, ...describeMethods(methods)], check() {} };
}

async function measureRanks(ranks: number, { links }: BenchOptions, common: Common): Promise<Measured> {
  const run = await runRanks({ ...common, ranks, links });
  return { data: run, lines: showRanks(run), check: () => checkRanks(run) };
}

function showRound(round: number): void {
  if (process.stderr.isTTY) process.stderr.write(`round ${round + 1}\r`);
}

// Not once: npm and tsx pass on a signal that came to them as well.
const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interruption.abort());

const args = process.argv.slice(2);
try {
  const options = parseOptions(args);
  if (options.help) console.log(USAGE);
  else process.exitCode = await run(options, interruption.signal);
} catch (error) {
  process.exitCode = showError(error, { json: args.includes('--json') });
}
