// The victim of checkpoint-kill.test.ts: goes on from the latest checkpoint and writes new ones until it is killed.
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { findLatestCheckpoint, saveCheckpoint } from '../packages/heed/src/checkpoint/checkpoint.ts';

const root = process.argv[2]!;
const BYTES = 2_000_000;

for (let step = ((await findLatestCheckpoint(root))?.step ?? 0) + 1; ; step++) {
  process.stdout.write(`begin ${step}\n`);
  await saveCheckpoint(root, {
    step,
    write: async (folder) => {
      for (const name of ['weights.bin', 'moments.bin']) await writeInPieces(join(folder, name), step % 256);
    },
  });
  process.stdout.write(`saved ${step}\n`);
}

async function writeInPieces(path: string, value: number): Promise<void> {
  const file = await open(path, 'w');
  const piece = new Uint8Array(BYTES / 20).fill(value);
  for (let i = 0; i < 20; i++) await file.write(piece);
  await file.close();
}
