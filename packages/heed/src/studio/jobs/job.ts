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

/** Kinds of short jobs, which wait in the queue. Of the other kinds, only one job runs at a time. */
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
  /** The reason for the failure, or for the loss of the last attempt. */
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
  /** The job continues an earlier run of that name with its original settings. */
  readonly continues?: true;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
  /** Number of attempts so far. */
  readonly attempt: number;
  /** Time of the request. */
  readonly createdAt: string;
  /** Time of the first start; the time of the request while it waits. */
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** Whether the job has ended for good. */
export function hasEnded({ state }: Job): boolean {
  return state !== 'waiting' && state !== 'running';
}
