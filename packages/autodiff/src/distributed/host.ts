/** Identifies the host of this process, so that two ranks can tell whether they share it. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A text that is equal for processes of one host and differs between hosts. The text differs even if two hosts or
 * network namespaces have the same name.
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
