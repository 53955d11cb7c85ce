/** Tells a process from a later one of the same id: ids are reused. Sends no signals. */
import { readFileSync } from 'node:fs';

/** A process as it can be written down. */
export interface ProcessMark {
  readonly pid: number;
  /** When it started, in the kernel's ticks. Absent outside Linux. */
  readonly started?: string;
}

/** The mark of a process that is running. */
export function processMark(pid: number): ProcessMark {
  const started = startOf(pid);
  return { pid, ...(started === undefined ? {} : { started }) };
}

/** True where this very process is running. */
export function isAlive({ pid, started }: ProcessMark): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return started === undefined || startOf(pid) === undefined || startOf(pid) === started;
}

/** Field 22 of /proc/<pid>/stat; the name in field 2 may hold spaces and brackets. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
