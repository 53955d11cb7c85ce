/** The kinds of jobs that pages can start, and the type of a job. Starts nothing. */

/** The commands of heed, and their arguments. */
export const JOB_KINDS = {
  generate: ['generate'],
  reward: ['reward'],
  tune: ['tune'],
  evaluate: ['evaluate'],
  report: ['report'],
  next: ['next', '--queue'],
  try: ['try'],
} as const satisfies Record<string, readonly string[]>;
export type JobKind = keyof typeof JOB_KINDS;

/** Kinds that forms start. The page for trying models starts 'try' itself. */
export type StartableKind = Exclude<JobKind, 'try'>;

/**
 * Kinds of short jobs, of which several may wait in the queue. A job of another kind starts only when a worker is free.
 */
export const QUEUED_KINDS: readonly JobKind[] = ['try'];

export interface JobProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly perSecond?: number;
  readonly leftSeconds?: number;
}

/** Physical memory of the command's process in bytes: current and peak. */
export interface JobMemory {
  readonly nowBytes: number;
  readonly peakBytes: number;
}

/** The output of a command so far. */
export interface JobOutput {
  readonly progress?: JobProgress;
  readonly memory?: JobMemory;
  /** Notes of the command, newest last. */
  readonly notes: readonly string[];
  /** The reason why the job failed, or why the process of the last attempt was lost. */
  readonly error?: string;
}

/** A job: one run of a command, with its current state. */
export interface Job extends JobOutput {
  readonly id: string;
  readonly kind: JobKind;
  /** 'waiting' means not started yet, or to be started again after its process was lost. */
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
  /** Settings for this run alone, in the syntax of `--set`. */
  readonly settings: readonly string[];
  /** Name of the run; undefined when the command numbers its runs. */
  readonly name?: string;
  /** The worker process that runs the job. */
  readonly worker?: { readonly host: string; readonly pid: number };
  /** Whether the job continues the earlier run named `name`, with the original settings of that run. */
  readonly continues?: true;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
  /** Number of attempts so far. */
  readonly attempt: number;
  /** Time of the request. */
  readonly createdAt: string;
  /** Time at which the last attempt started; before the first attempt, the time of the request. */
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** Whether the job has ended for good. */
export function hasEnded({ state }: Job): boolean {
  return state !== 'waiting' && state !== 'running';
}
