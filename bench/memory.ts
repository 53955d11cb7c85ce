/** How much memory this process holds and has held. */
import { readFileSync } from 'node:fs';

const FIELDS = { now: 'VmRSS', peak: 'VmHWM' } as const;

/** Resident bytes, now or the most so far. Elsewhere than on Linux the peak is what getrusage says. */
export function residentBytes(which: keyof typeof FIELDS): number {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const kibibytes = new RegExp(`^${FIELDS[which]}:\\s+(\\d+) kB`, 'm').exec(status)?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // No /proc here.
  }
  return which === 'now' ? process.memoryUsage().rss : process.resourceUsage().maxRSS * 1024;
}
