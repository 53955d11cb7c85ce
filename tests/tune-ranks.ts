/** `heed tune` as several ranks of mpirun, and what tests read of them. For tests alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));

/** mpirun up to the number of ranks, the program and its arguments. */
const MPIRUN = ['mpirun', '--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n'] as const;

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string; seconds: number }>;
}

export interface RanksOptions {
  /** Of `heed tune`, after the project. */
  readonly args?: readonly string[] | undefined;
  /** A command that runs mpirun. */
  readonly under?: readonly string[] | undefined;
  /** A shell script that each rank runs in place of heed; "$@" is heed's command. */
  readonly asRank?: string | undefined;
}

/** `heed tune` as so many ranks; 1 is without mpirun. */
export function startTune(project: string, ranks: number, { args = [], ...options }: RanksOptions = {}): Running {
  const tune = [process.execPath, HEED, 'tune', '--project', project, ...args];
  return ranks === 1 ? watch(tune) : startRanks(tune, ranks, options);
}

export function startRanks(
  program: readonly string[],
  ranks: number,
  { under = [], asRank }: Omit<RanksOptions, 'args'> = {},
): Running {
  const shell = asRank === undefined ? [] : ['bash', '-c', asRank, '-'];
  return watch([...under, ...MPIRUN, String(ranks), ...shell, ...program]);
}

function watch([command, ...args]: readonly string[]): Running {
  const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const startedAt = performance.now();
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (text) => (output[stream] += text));
  const ended = once(child, 'close').then(([status]) => ({
    status: status as number | null,
    ...output,
    seconds: (performance.now() - startedAt) / 1000,
  }));
  return { child, ended };
}

export async function tunedWeights(project: string): Promise<string> {
  const weights = await readFile(join(project, 'models/tuned/unet/diffusion_pytorch_model.safetensors'));
  return createHash('sha256').update(weights).digest('hex');
}

/** Updates that the run has logged. */
export async function loggedUpdates(project: string): Promise<number> {
  const text = await readFile(join(project, 'runs/tuned/metrics.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').length - 1;
}

export async function checkpoints(project: string): Promise<string[]> {
  return readdir(join(project, 'runs/tuned/checkpoints')).catch(() => []);
}

/** heed's lines on stderr, without mpirun's. */
export const sentences = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('heed: '));
