/**
 * Identifies a process, so that another process, also on another host, can tell whether the identified process still
 * runs. Process ids are reused, and processes on two hosts or in two containers can have equal ids. Sends no signals.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What identifies a process, as lock files record it. A field is undefined when the system does not provide it. */
export interface ProcessMark {
  readonly pid: number;
  /** When the process started: kernel ticks on Linux, milliseconds since 1970 elsewhere. */
  readonly started?: string | undefined;
  /** The host's name; absent in marks of older heed versions, whose processes are treated as local. */
  readonly host?: string | undefined;
  /** The machine's id, which distinguishes two hosts of the same name; on Linux /etc/machine-id. */
  readonly machine?: string | undefined;
  /** Linux: the id of this boot of the kernel. */
  readonly boot?: string | undefined;
  /** Linux: the process's pid namespace, which is different for each container on a host. */
  readonly pidNamespace?: string | undefined;
}

/** 'unknown': the process belongs to another host or container, and nothing here proves that it ended. */
export type ProcessState = 'alive' | 'dead' | 'unknown';

type Place = Omit<ProcessMark, 'pid' | 'started'>;

/** The mark of a process of this host. */
export function processMark(pid: number): ProcessMark {
  return { pid, started: startOf(pid), ...placeHere() };
}

/** Checks whether the process runs, as far as this host can tell. */
export function stateOf(mark: ProcessMark): ProcessState {
  const here = placeHere();
  if (mark.host !== undefined) {
    if (!isSame(mark.host, here.host) || differ(mark.machine, here.machine)) return 'unknown';
    if (differ(mark.boot, here.boot)) {
      // Without a machine id this could be another host of the same name.
      const isThisMachine = mark.machine !== undefined && here.machine !== undefined;
      return isThisMachine ? 'dead' : 'unknown';
    }
    if (differ(mark.pidNamespace, here.pidNamespace)) return 'unknown';
  }
  return runsHere(mark) ? 'alive' : 'dead';
}

/** Whether the process runs on this host and its start time proves its identity, so that it may be signalled. */
export function isProvedAlive(mark: ProcessMark): boolean {
  return mark.started !== undefined && stateOf(mark) === 'alive' && startOf(mark.pid) === mark.started;
}

/** A mark in at most 64 characters of `[0-9a-f-]`, for file names; `readShortMark` reads it. */
export function shortMark({ pid, started = '', ...place }: ProcessMark): string {
  const { host, machine, boot, pidNamespace } = place;
  return [pid, started, ...[host, machine, boot, pidNamespace].map((part) => (part ? shorten(part) : ''))].join('-');
}

/**
 * Reads a short mark; undefined for any other text. Marks of older versions have only the process id and the process's
 * start time.
 */
export function readShortMark(text: string): ProcessMark | undefined {
  const match = /^(\d+)-(\d*)(?:-([0-9a-f]{8})?-([0-9a-f]{8})?-([0-9a-f]{8})?-([0-9a-f]{8})?)?$/.exec(text);
  if (!match) return undefined;
  const [, pid, started, host, machine, boot, pidNamespace] = match;
  return { pid: Number(pid), started: started || undefined, host, machine, boot, pidNamespace };
}

let place: Place | undefined;

function placeHere(): Place {
  place ??= {
    host: hostname(),
    machine: readIfThere('/etc/machine-id'),
    boot: readIfThere('/proc/sys/kernel/random/boot_id'),
    pidNamespace: ifThere(() => readlinkSync('/proc/self/ns/pid')),
  };
  return place;
}

/** True where both values are known and differ. */
function differ(theirs: string | undefined, ours: string | undefined): boolean {
  return theirs !== undefined && ours !== undefined && !isSame(theirs, ours);
}

/** Whether two values are equal; the first may be the hash of a value, because short marks contain hashes. */
function isSame(theirs: string, ours: string | undefined): boolean {
  return ours !== undefined && (theirs === ours || theirs === shorten(ours));
}

function shorten(part: string): string {
  return createHash('sha256').update(part).digest('hex').slice(0, 8);
}

function runsHere({ pid, started }: ProcessMark): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  // A process that ended keeps its id until its parent asks how. In a container without an init that may be for ever.
  if (/^[ZX]$/.test(statOf(pid)?.[0] ?? '')) return false;
  const now = started === undefined ? undefined : startOf(pid);
  return now === undefined || now === started;
}

/**
 * The fields of /proc/<pid>/stat from field 3, the state, to the end. Field 2, the program's name, is skipped because
 * it may hold spaces and brackets.
 */
function statOf(pid: number): string[] | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** The process's start time: field 22 of /proc/<pid>/stat, or the time that `ps` prints. */
function startOf(pid: number): string | undefined {
  const stat = statOf(pid);
  if (stat !== undefined) return stat[19];
  return process.platform === 'linux' || process.platform === 'win32' ? undefined : startByPs(pid);
}

/**
 * The start time that `ps` prints, in milliseconds since 1970 (a whole second); undefined where there is no such
 * process.
 */
export function startByPs(pid: number): string | undefined {
  const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' }, stdio: 'pipe' } as const;
  const text = ifThere(() => execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options));
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : String(time);
}

function readIfThere(path: string): string | undefined {
  return ifThere(() => readFileSync(path, 'utf8').trim()) || undefined;
}

function ifThere(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
