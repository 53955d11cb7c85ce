/** Vitest's global setup: one temporary folder for all that a run's tests write, gone with the run whatever they leave. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

export function setup(): void {
  const folder = mkdtempSync(join(tmpdir(), 'heed-tests-'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  folders.push(folder);
}

export function teardown(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
