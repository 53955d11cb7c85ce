/** What can be started from the pages, and what a run of it looks like. Starts nothing. */

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

/** Those that forms start; the page to try models starts its own. */
export type StartableKind = Exclude<JobKind, 'try'>;

/** Short ones, which wait for their turn; of the others one is started at a time. */
export const QUEUED_KINDS: readonly JobKind[] = ['try'];

export interface JobProgress {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly perSecond?: number;
  readonly leftSeconds?: number;
}

/** Bytes of physical memory that the command's process holds, and the most that it has held. */
export interface JobMemory {
  readonly nowBytes: number;
  readonly peakBytes: number;
}

/** What a command has said by now. */
export interface JobOutput {
  readonly progress?: JobProgress;
  readonly memory?: JobMemory;
  /** Remarks of the command, the newest last. */
  readonly notes: readonly string[];
  /** Why it failed, or why the last attempt was lost. */
  readonly error?: string;
}

/** One run of a command, as it is by now. */
export interface Job extends JobOutput {
  readonly id: string;
  readonly kind: JobKind;
  /** 'waiting' is one that has not begun, or that begins again after its process was lost. */
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
  /** Settings of this run alone, as `--set` takes them. */
  readonly settings: readonly string[];
  /** Of the run; absent where the command numbers it. */
  readonly name?: string;
  /** Where it runs. */
  readonly worker?: { readonly host: string; readonly pid: number };
  /** It goes on with the settings that the run of that name was begun with. */
  readonly continues?: true;
  /** Further arguments of the command. */
  readonly args?: readonly string[];
  /** How often it was begun. */
  readonly attempt: number;
  /** When it was asked for. */
  readonly createdAt: string;
  /** When it was first begun; when it was asked for while it waits. */
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** True where nothing more will come of it. */
export function hasEnded({ state }: Job): boolean {
  return state !== 'waiting' && state !== 'running';
}
