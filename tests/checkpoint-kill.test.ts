// kill -9 while checkpoints are being written: whatever the moment, a whole one is left and the next run can go on.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { findLatestCheckpoint } from '../packages/heed/src/checkpoint/checkpoint.ts';

/** Row 1 of the fault table: a tenth of its kills; all of them with `npm run test:faults`. */
const KILLS = 20 * Number(process.env.HEED_FAULT_TENTHS ?? 1);
const WRITER = fileURLToPath(new URL('./checkpoint-writer.ts', import.meta.url));

it(`survives ${KILLS} kills`, { timeout: 180_000 + 10_000 * KILLS }, async () => {
  const root = await mkdtemp(join(tmpdir(), 'heed-kill-'));
  let lastStep = 0;
  let interrupted = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = spawn(process.execPath, ['--import', 'tsx', WRITER, root], { stdio: ['ignore', 'pipe', 'inherit'] });
    const acknowledged = await killWhileWriting(writer, { atStep: 2 + (kill % 3), delayMs: (kill * 7) % 40 });
    const skipped: string[] = [];
    const latest = await findLatestCheckpoint(root, { onSkip: (sentence) => skipped.push(sentence) });
    interrupted += skipped.length;
    expect(latest, `after kill ${kill + 1}`).toBeDefined();
    // What was acknowledged is there: the latest is the acknowledged step or one that was finished after it.
    expect(latest!.step).toBeGreaterThanOrEqual(acknowledged);
    expect(latest!.step).toBeGreaterThan(lastStep);
    for (const name of ['weights.bin', 'moments.bin']) {
      const bytes = await readFile(join(latest!.folder, name));
      expect(bytes.every((byte) => byte === latest!.step % 256)).toBe(true);
    }
    lastStep = latest!.step;
  }
  console.log(`${KILLS} kills, ${interrupted} torn checkpoints passed over, last step ${lastStep}`);
});

/** Kills the writer some milliseconds after it began its n-th checkpoint; resolves with the last acknowledged step. */
function killWhileWriting(writer: ChildProcess, options: { atStep: number; delayMs: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    let begun = 0;
    let killed = false;
    writer.stdout!.on('data', (text: Buffer) => {
      output += text.toString();
      begun = output.split('begin').length - 1;
      if (begun >= options.atStep && !killed) {
        killed = true;
        setTimeout(() => writer.kill('SIGKILL'), options.delayMs);
      }
    });
    writer.on('error', reject);
    writer.on('exit', () => {
      if (!killed) reject(new Error('the writer ended before it was killed'));
      const saved = [...output.matchAll(/saved (\d+)\n/g)].map((match) => Number(match[1]));
      resolve(Math.max(0, ...saved));
    });
  });
}
