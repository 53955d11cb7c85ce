/**
 * One command of heed as a separate process, so that training never runs beside the server. Its progress is what
 * `--json` writes to stderr. Knows nothing of the queue.
 */
import { spawn } from 'node:child_process';
import { constants, getPriority, setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ProcessMark, processMark } from '@heed/diffusion/process-mark';
import { DEFECT_ANSWER, EXIT_CODES, REPORT_REQUEST } from '../../errors.ts';
import { SUPERSEDED } from '../../project/lock.ts';
import { STOP_WITH_STDIN } from '../../project/stop-with-stdin.ts';
import type { JobOutput, JobProgress } from './job.ts';

const HEED = fileURLToPath(new URL('../../../bin/heed.mjs', import.meta.url));
const NOTES_KEPT = 20;

/** How a command ended. 'lost' is a process that was killed or crashed: it did not fail by its own word. */
export type CommandEnd = 'done' | 'failed' | 'stopped' | 'lost';

export interface RunningCommand {
  /** Absent where the process did not even start. */
  readonly mark: ProcessMark | undefined;
  output(): JobOutput;
  /** Asks it to stop; it keeps what is done. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
  readonly ended: Promise<CommandEnd>;
}

/** Starts `heed <args> --json`, or another program that speaks like it; `onChange` is told of each new word of it. */
export function startCommand(
  args: readonly string[],
  options: {
    program?: string;
    onChange?: () => void;
    /** Told of each remark and each new piece of work, in words for people. */
    onLine?: (text: string) => void;
    onDefect?: (text: string) => void;
    /** The process of an attempt whose lease is over: its locks are no longer valid. */
    superseded?: ProcessMark | undefined;
  } = {},
): RunningCommand {
  const { program = HEED, onChange = () => {}, onLine = () => {}, onDefect = () => {}, superseded } = options;
  // The command reads the end of its stdin as the end of its worker.
  const child = spawn(process.execPath, [program, ...args, '--json'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    env: commandEnvironment(superseded),
  });
  child.stdin.on('error', () => {});
  giveWay(child.pid);
  let output: JobOutput = { notes: [] };
  let isStopping = false;
  createInterface({ input: child.stderr }).on('line', (line) => {
    const said = parseLine(line);
    if (said.defect === true) onDefect(`${said.error}\n${said.stack}\n${REPORT_REQUEST}`);
    const changes = changesOf(said, output);
    const told = changes.notes?.at(-1) ?? (changes.progress && describeProgress(changes.progress));
    if (told !== undefined) onLine(told);
    output = { ...output, ...changes };
    onChange();
  });
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('error', (error) => {
      output = { ...output, error: error.message };
      resolve('failed');
    });
    // 'close', not 'exit': the last lines on stderr say why.
    child.once('close', (code, signal) => {
      if (code === EXIT_CODES.ok) resolve('done');
      else if (code === EXIT_CODES.interrupted || isStopping) resolve('stopped');
      else if (signal !== null) {
        output = { ...output, error: `the process was ended by ${signal}` };
        resolve('lost');
      } else {
        output = { ...output, error: output.error ?? `the command ended with ${code}` };
        resolve('failed');
      }
    });
  });
  return {
    mark: child.pid === undefined ? undefined : processMark(child.pid),
    output: () => output,
    stop() {
      // A second one would end it before it has kept what is done.
      if (isStopping) return;
      isStopping = true;
      child.kill('SIGTERM');
    },
    kill() {
      isStopping = true;
      child.kill('SIGKILL');
    },
    ended,
  };
}

/** Of a launcher that started the worker: the command is one process, with all of the work. */
const LAUNCHER_VARIABLES = /^(OMPI_|PMIX_|PMI_|SLURM_PROCID$|SLURM_ARRAY_|JOB_COMPLETION_INDEX$)/;

function commandEnvironment(superseded: ProcessMark | undefined): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !LAUNCHER_VARIABLES.test(name));
  return {
    ...Object.fromEntries(own),
    HEED_SHARDS: '1',
    [STOP_WITH_STDIN]: '1',
    ...(superseded === undefined ? {} : { [SUPERSEDED]: JSON.stringify(superseded) }),
  };
}

/** Training takes every core there is; people who label must not wait for it. */
function giveWay(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
    setPriority(pid, Math.min(getPriority() + PRIORITY_BELOW_NORMAL, PRIORITY_LOW));
  } catch {
    // It has ended already, or the system forbids changes of priority: it runs all the same.
  }
}

/** A line of the command's stderr. Libraries write there as well, in other forms. */
function parseLine(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function describeProgress({ label, done, total, perSecond }: JobProgress): string {
  return `${label}: ${done} of ${total}${perSecond === undefined ? '' : `, ${perSecond.toPrecision(3)} a second`}`;
}

/** What a line says. */
function changesOf(said: Record<string, unknown>, { notes }: JobOutput): Partial<JobOutput> {
  const { progress, done, total, perSecond, leftSeconds, memoryBytes, peakMemoryBytes, note, error, defect } = said;
  if (typeof progress === 'string' && typeof done === 'number' && typeof total === 'number') {
    return {
      progress: {
        label: progress,
        done,
        total,
        ...(typeof perSecond === 'number' ? { perSecond } : {}),
        ...(typeof leftSeconds === 'number' ? { leftSeconds } : {}),
      },
      ...(typeof memoryBytes === 'number' && typeof peakMemoryBytes === 'number'
        ? { memory: { nowBytes: memoryBytes, peakBytes: peakMemoryBytes } }
        : {}),
    };
  }
  if (typeof note === 'string') return { notes: [...notes, note].slice(-NOTES_KEPT) };
  // The words of a defect are the runtime's: they can hold anything.
  if (defect === true) return { error: DEFECT_ANSWER };
  return typeof error === 'string' ? { error } : {};
}
