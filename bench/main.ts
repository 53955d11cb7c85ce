/** `npm run bench`: heed beside PyTorch. Parses, runs each benchmark, prints; the measuring is `measure.ts`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeVersion } from '@heed/diffusion/autodiff';
import { showError } from '../packages/heed/src/cli/show-error.ts';
import { EXIT_CODES, type ExitCode, HeedError } from '../packages/heed/src/errors.ts';
import { type BenchmarkResult, measure } from './measure.ts';
import { type BenchOptions, parseOptions, USAGE } from './options.ts';
import { findPeerPython } from './python.ts';
import { allAgree, describeResults } from './report.ts';

const note = (line: string) => process.stderr.write(`${line}\n`);

async function run(
  { benchmarks, rounds, threads, runtime, json, fullSize }: BenchOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const found = await findPeerPython();
  const peer = 'missing' in found ? undefined : found;
  const loadBefore = loadavg()[0]!;
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, loadBefore };
  const folder = await mkdtemp(join(tmpdir(), 'heed-bench-'));
  const results: BenchmarkResult[] = [];
  try {
    for (const benchmark of benchmarks) {
      const start = performance.now();
      results.push(
        await measure(benchmark, {
          folder,
          rounds,
          threads,
          runtime,
          python: peer?.command,
          signal,
          onRound: showRound,
          models: fullSize,
          oneAfterTheOther: fullSize !== undefined,
        }),
      );
      note(`${benchmark.name}: ${rounds} rounds, ${((performance.now() - start) / 1000).toFixed(0)} s in all`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const versions = { node: process.versions.node, onnxruntime: runtimeVersion, ...peer?.versions };
  if (json) console.log(JSON.stringify({ machine, threads, runtime, versions, benchmarks: results }, undefined, 2));
  else {
    const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
    console.log(
      `${machine.cpu}, ${machine.cores} cores, ${threads} threads, ${runtime.device} in ${runtime.precision}, load ${loadBefore.toFixed(1)} before`,
    );
    console.log(`${names.join(', ')}\n`);
    console.log(describeResults(results).join('\n'));
  }
  if ('missing' in found) note(found.missing);
  if (allAgree(results)) return EXIT_CODES.ok;
  throw new HeedError('heed and PyTorch were expected to compute the same, but differ by more than is allowed');
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
