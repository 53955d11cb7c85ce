/** Names the host of this process so that two ranks can tell whether they share it. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Equal for processes of one host, different for others, also where two hosts or network namespaces have one name. */
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
