// A disk that is full at every single write (row 3 of the fault table): what was kept stays as it was, nothing
// half-written is left, the reason is said, and when there is room again it goes on.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const WRITER = fileURLToPath(new URL('./full-disk-writer.ts', import.meta.url));
/** Of noise at 64 x 64. */
const PICTURE_PAGES = 4;
const MOUNT = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"';

interface Attempt {
  readonly name: string;
  readonly room: number;
  readonly error?: string;
  readonly isAsBefore: boolean;
  readonly leftPages: number;
}

/**
 * Runs the writer in a file system of 8 MB, where this machine lets us make one; else under a limit on the size of
 * files.
 */
function runWriter(folder: string): { kind: string; lines: (Attempt | { name: string; goesOn: boolean })[] } {
  const run = (kind: 'tmpfs' | 'limit', under: readonly string[]) => {
    const [command, ...args] = [...under, process.execPath, '--import', 'tsx', WRITER, folder, kind];
    return spawnSync(command!, args, { encoding: 'utf8' });
  };
  const canMount = spawnSync('unshare', ['-rm', 'sh', '-c', MOUNT, folder, 'true']).status === 0;
  const kind = canMount ? 'tmpfs' : 'limit';
  const { status, stdout, stderr } = run(kind, canMount ? ['unshare', '-rm', 'sh', '-c', MOUNT, folder] : []);
  expect([status, stderr]).toEqual([0, '']);
  const lines = stdout.trimEnd().split('\n');
  return { kind, lines: lines.map((line) => JSON.parse(line)) };
}

it.runIf(process.platform === 'linux')('a full disk spoils nothing, at whichever write', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heed-full-disk-'));
  const { kind, lines } = runWriter(folder);
  await rm(folder, { recursive: true });
  const attempts = lines.filter((line): line is Attempt => 'room' in line);
  const failed = attempts.filter(({ error }) => error !== undefined);
  for (const { name, room, error, isAsBefore, leftPages } of failed) {
    expect([name, room, isAsBefore, error]).toEqual([
      name,
      room,
      true,
      expect.stringMatching(/ENOSPC: no space left on device|EFBIG: file too large/),
    ]);
    // A whole picture that the index does not name yet stays, for the next attempt.
    expect([name, room, leftPages]).toEqual([
      name,
      room,
      name === 'image' && leftPages === PICTURE_PAGES ? PICTURE_PAGES : 0,
    ]);
  }
  const names = ['checkpoint', 'model', 'feedback', 'image'];
  const count = (list: readonly Attempt[]) => names.map((name) => list.filter((one) => one.name === name).length);
  expect(count(attempts.filter(({ error, isAsBefore }) => error === undefined && !isAsBefore))).toEqual([1, 1, 1, 1]);
  expect(Math.min(...count(failed))).toBeGreaterThan(0);
  expect(lines.filter((line) => 'goesOn' in line && line.goesOn)).toHaveLength(names.length);
  console.log(`${kind}: ${names.map((name, i) => `${name} ${count(failed)[i]}`).join(', ')} writes failed`);
});
