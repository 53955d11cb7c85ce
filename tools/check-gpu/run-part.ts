/** Runs one part of the check within its time limit, and reads the result. */
import { spawn } from 'node:child_process';
import type { BenchmarkResult } from '../../bench/measure.ts';
import type { Part } from './parts.ts';

export interface PartResult {
  readonly name: string;
  /** `differs`: measured, but heed and PyTorch computed other numbers than is allowed. */
  readonly state: 'done' | 'differs' | 'failed' | 'out of time';
  readonly seconds: number;
  /** Rows of the table. */
  readonly rows: readonly Row[];
  /** What the part printed: its report, or the end of it. */
  readonly report: unknown;
}

export interface Row {
  readonly what: string;
  readonly heed: string;
  readonly peer: string;
  readonly ratio: string;
}

const KEPT_CHARACTERS = 4000;

export async function runPart(part: Part, { signal }: { signal: AbortSignal }): Promise<PartResult> {
  const start = performance.now();
  const { code, stdout, stderr, isOutOfTime } = await collect(part, signal);
  const seconds = (performance.now() - start) / 1000;
  const common = { name: part.name, seconds: Math.round(seconds * 10) / 10 };
  const text = `${stdout}\n${stderr}`.trim().slice(-KEPT_CHARACTERS);
  const failed = (state: 'failed' | 'out of time'): PartResult => ({ ...common, state, rows: [], report: text });
  if (isOutOfTime) return failed('out of time');
  try {
    return { ...common, ...READERS[part.output](stdout, { code, text, name: part.name }) };
  } catch {
    return failed('failed');
  }
}

type Read = Pick<PartResult, 'state' | 'rows' | 'report'>;

const READERS: Readonly<
  Record<Part['output'], (stdout: string, about: { code: number | null; text: string; name: string }) => Read>
> = {
  text: (_stdout, { code, text }) => ({ state: code === 0 ? 'done' : 'failed', rows: [], report: text }),
  tests(stdout, { code, name }) {
    const report = JSON.parse(stdout.slice(stdout.indexOf('{"')));
    const { numPassedTests: passed, numTotalTests: total } = report as Record<string, number>;
    const wrong = report.testResults.flatMap(({ assertionResults }: { assertionResults: TestCase[] }) =>
      assertionResults.flatMap(({ status, fullName, failureMessages }) =>
        status === 'failed' ? [{ fullName, message: failureMessages[0]?.split('\n')[0] }] : [],
      ),
    );
    const row = { what: name, heed: `${passed} of ${total} agree`, peer: '-', ratio: '-' };
    return { state: code === 0 ? 'done' : 'differs', rows: [row], report: { passed, total, wrong } };
  },
  bench(stdout, { code, name }) {
    const report = JSON.parse(stdout) as { benchmarks: BenchmarkResult[] };
    const rows = report.benchmarks.map((result) => ({
      what: `${name}: ${result.unit}`,
      heed: `${result.heed.seconds.median.toPrecision(3)} s`,
      peer: result.peer ? `${result.peer.seconds.median.toPrecision(3)} s` : '-',
      ratio: result.peer ? result.peer.secondsRatio.median.toFixed(2) : '-',
    }));
    return { state: code === 0 ? 'done' : 'differs', rows, report };
  },
};

interface TestCase {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
}

function collect({ args, environment, limitSeconds }: Part, signal: AbortSignal) {
  return new Promise<{ code: number | null; stdout: string; stderr: string; isOutOfTime: boolean }>(
    (resolve, reject) => {
      const child = spawn(process.execPath, args, {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const output = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].setEncoding('utf8').on('data', (text: string) => {
          output[name] += text;
        });
      }
      let isOutOfTime = false;
      const stop = () => child.kill('SIGTERM');
      const limit = setTimeout(() => {
        isOutOfTime = true;
        stop();
        // A run on a GPU may not hear the first signal.
        setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
      }, limitSeconds * 1000);
      signal.addEventListener('abort', stop, { once: true });
      child.on('error', reject);
      child.on('close', (code) => {
        clearTimeout(limit);
        signal.removeEventListener('abort', stop);
        resolve({ code, ...output, isOutOfTime });
      });
    },
  );
}
