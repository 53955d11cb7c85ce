/** Identifies the host of this process, so that two ranks can tell whether they run on the same host. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A text that is equal for processes of one host and differs between hosts. Machine id and boot id distinguish hosts
 * that have the same name.
 */
export function hostPlace(): string {
  return [hostname(), readIfThere('/etc/machine-id'), readIfThere('/proc/sys/kernel/random/boot_id')].join(' ');
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
