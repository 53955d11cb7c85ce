/**
 * How much processor time a process has used: unlike times by the clock, it says little of what else a machine does.
 */
import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second. */
const MS_PER_TICK = 10;

/** Milliseconds of all threads of a process on Linux; NaN elsewhere. */
export function processorMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in brackets, which can hold spaces; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return MS_PER_TICK * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return Number.NaN;
  }
}
