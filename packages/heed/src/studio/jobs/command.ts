/**
 * Runs one heed command as a separate process, so that training never runs in the server's process. The command reports
 * its progress as JSON lines on stderr (`--json`). This module does not depend on the job queue.
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

/** How a command ended. 'lost' means that the process crashed or was killed, and so reported no failure itself. */
export type CommandEnd = 'done' | 'failed' | 'stopped' | 'lost';

export interface RunningCommand {
  /** Identifies the command's process; undefined when the process could not be started. */
  readonly mark: ProcessMark | undefined;
  output(): JobOutput;
  /** Asks the command to stop. The command saves its finished work before it ends. */
  stop(): void;
  /** Kills the process at once. */
  kill(): void;
  readonly ended: Promise<CommandEnd>;
}

/**
 * Starts `heed <args> --json`. `program` may name another program with the same output format. `onChange` is called
 * after each line that the command writes.
 */
export function startCommand(
  args: readonly string[],
  options: {
    program?: string;
    onChange?: () => void;
    /** Called with a readable line for each note and each progress report. */
    onLine?: (text: string) => void;
    onDefect?: (text: string) => void;
    /**
     * The process of an earlier attempt whose lease has expired. The command ignores locks that this process still
     * holds.
     */
    superseded?: ProcessMark | undefined;
  } = {},
): RunningCommand {
  const { program = HEED, onChange = () => {}, onLine = () => {}, onDefect = () => {}, superseded } = options;
  // The command stops when its stdin closes, which happens when its worker ends.
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
    // Waits for 'close', not 'exit', because the last lines on stderr give the reason.
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
      // A second SIGTERM would end the command before it has saved its work.
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

/**
 * Environment variables that a launcher (MPI, Slurm, Kubernetes) set for the worker. The command must not inherit these
 * variables, since the command does the whole job in one process.
 */
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

/**
 * Lowers the priority of a process. Training uses every core, and the requests of raters must not wait for the
 * training.
 */
function giveWay(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    const { PRIORITY_BELOW_NORMAL, PRIORITY_LOW } = constants.priority;
    setPriority(pid, Math.min(getPriority() + PRIORITY_BELOW_NORMAL, PRIORITY_LOW));
  } catch {
    // The process has ended already, or the system forbids priority changes. The command runs anyway.
  }
}

/**
 * Parses a line of the command's stderr. Libraries also write lines that are not JSON; for such a line the result is an
 * empty object.
 */
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

/** The fields of the output that change with a parsed line. */
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
  // A defect's message comes from the runtime and can contain anything, so it is not shown.
  if (defect === true) return { error: DEFECT_ANSWER };
  return typeof error === 'string' ? { error } : {};
}
