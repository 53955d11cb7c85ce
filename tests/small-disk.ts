/** Commands on a small file system that is made larger afterwards. Linux alone; for tests. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Runs a command with a folder on a file system of that size, and again when it has become large. */
const ON_A_SMALL_DISK =
  'mount -t tmpfs -o size="$0" tmpfs "$1" || exit 99; runs=$1; shift; "$@"; test $? = 1 || exit 98; mount -o remount,size=64m "$runs"; exec "$@"';

/** What stands before a command so that `folder` is a file system of `bytes`; it must fail with status 1 once. */
export const onSmallDisk = (folder: string, bytes: number) => [
  ...['unshare', '-rm', 'sh', '-c', ON_A_SMALL_DISK],
  ...[String(bytes), folder],
];

export function canMountOn(folder: string): boolean {
  return spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs "$0"', folder]).status === 0;
}

/** Bytes of one of the checkpoints in a folder. */
export function checkpointSize(checkpoints: string): number {
  const [first] = readdirSync(checkpoints);
  const folder = join(checkpoints, first!);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((total, entry) => total + statSync(join(entry.parentPath, entry.name)).size, 0);
}
