/**
 * Vitest's global setup: one temporary folder for all that a run's tests write, gone with the run whatever they leave.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const PREFIX = 'heed-tests-';
let folder: string | undefined;

export function setup(): void {
  // Every project of the run has this setup.
  if (basename(tmpdir()).startsWith(PREFIX)) return;
  folder = mkdtempSync(join(tmpdir(), PREFIX));
  // PostgreSQL does not run as root, and must reach its own folder in here.
  chmodSync(folder, 0o755);
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
