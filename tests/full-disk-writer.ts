/**
 * The victim of full-disk.test.ts: writes what a project keeps while there is room for 0, 1, 2... pages more, so that
 * each write fails once, and says what was left each time. `full-disk-writer.ts FOLDER KIND`: KIND 'tmpfs' where FOLDER
 * is a separate small file system, 'limit' where a limit on the size of files stands in for it.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom, type ParameterValues } from '@heed/diffusion/autodiff';
import { loadModelFolder, saveModelFolder } from '../packages/diffusion/src/index.ts';
import { tinyModel } from '../packages/diffusion/src/testing/random-model.ts';
import { findLatestCheckpoint, saveCheckpoint } from '../packages/heed/src/checkpoint/checkpoint.ts';
import { openFeedbackLog } from '../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { writeTrainingState } from '../packages/heed/src/tune/training-state.ts';

const PAGE_BYTES = 4096;
const [root, kind] = process.argv.slice(2) as [string, 'tmpfs' | 'limit'];
const ballast = join(root, 'ballast');

/** What is written, and what a reader finds: all of `written` or nothing of it. */
interface Kept {
  /** Writes the n-th version. */
  write(version: number): Promise<void>;
  read(): Promise<string>;
}

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex').slice(0, 12);
const hashOf = (folder: string) =>
  sha256(
    readdirSync(folder)
      .sort()
      .map((name) => `${name} ${sha256(readFileSync(join(folder, name)))}`)
      .join(),
  );

function weights(seed: number): ParameterValues {
  const random = createRandom(seed);
  const data = () => random.fillNormal(new Float32Array(3000));
  return new Map(['a', 'b'].map((name) => [name, { shape: [30, 100], data: data() }]));
}

const KEPT: Readonly<Record<string, Kept>> = {
  checkpoint: {
    async write(version) {
      const state = weights(version);
      await saveCheckpoint(join(root, 'checkpoints'), {
        step: version,
        write: (folder) =>
          writeTrainingState(folder, {
            optimizer: { step: version, parameters: state, firstMoment: state, secondMoment: state },
            random: { seed: 1, batch: version },
            data: { model: { pass: 0, taken: version } },
            fingerprint: 'f',
          }),
      });
    },
    async read() {
      const latest = await findLatestCheckpoint(join(root, 'checkpoints'));
      return latest === undefined ? 'none' : `${latest.step} ${hashOf(latest.folder)}`;
    },
  },
  model: {
    async write(version) {
      const model = tinyModel();
      createRandom(version).fillNormal(model.unet.parameters.get('conv_out.weight')!.data);
      await saveModelFolder(join(root, 'model'), model, { overwrite: true });
    },
    async read() {
      if (!existsSync(join(root, 'model'))) return 'none';
      const { unet } = await loadModelFolder(join(root, 'model'));
      return sha256(new Uint8Array(unet.parameters.get('conv_out.weight')!.data.buffer));
    },
  },
  feedback: {
    async write(version) {
      const log = openFeedbackLog(join(root, 'feedback.jsonl'));
      try {
        await log.append(
          [0, 1, 2].map((image) => ({
            id: `${version} ${image}`,
            time: '2026-01-01T00:00:00.000Z',
            rater: 'r',
            raterKind: 'human',
            query: `q${version}`,
            image: `${image}`.padStart(16, '0'),
            prompt: 'x'.repeat(3000),
            model: 'base',
            label: 'good',
          })),
        );
      } finally {
        await log.close();
      }
    },
    read: async () => (await openFeedbackLog(join(root, 'feedback.jsonl')).read()).map(({ id }) => id).join() || 'none',
  },
  image: {
    async write(version) {
      const store = createImageStore(join(root, 'images'));
      const random = createRandom(version);
      const data = Uint8Array.from({ length: 3 * 64 * 64 }, () => random.integer(256));
      try {
        await store.add(
          { width: 64, height: 64, data },
          {
            prompt: 'A cat.',
            category: 'count',
            holdout: false,
            purpose: 'learn',
            seed: version,
            model: 'base',
            modelHash: 'h',
            sampler: 'ddim',
            steps: 1,
            guidanceScale: 1,
            set: 'train',
          },
        );
      } finally {
        await store.close();
      }
    },
    async read() {
      const store = createImageStore(join(root, 'images'));
      const found = await Promise.all(
        store.all().map(async ({ id, seed }) => `${seed} ${sha256(await store.readPng(id))}`),
      );
      return found.join() || 'none';
    },
  },
};

/** Pages that are free, or, where nothing but the limit is small, that the largest file takes. */
function pages(): number {
  if (kind === 'tmpfs') return statfsSync(root).bfree;
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = files.map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return Math.ceil(Math.max(0, ...sizes) / PAGE_BYTES);
}

function leaveRoom(count: number): void {
  if (kind === 'limit') {
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${count * PAGE_BYTES}:unlimited`]);
  } else writeFileSync(ballast, new Uint8Array(Math.max(0, pages() - count) * PAGE_BYTES));
}

function freeAll(): void {
  if (kind === 'limit') execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited']);
  else rmSync(ballast, { force: true });
}

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

// A limit on the size of files is an error of the one write.
process.on('SIGXFSZ', () => {});
for (const [name, { write, read }] of Object.entries(KEPT)) {
  let version = 1;
  await write(version);
  let before = await read();
  for (let room = 0; ; room++) {
    leaveRoom(room);
    const free = pages();
    const error = await write(version + 1).then(
      () => undefined,
      (reason: NodeJS.ErrnoException) => reason.message,
    );
    const after = await read();
    const freeAfter = pages();
    freeAll();
    say({ name, room, error, isAsBefore: after === before, leftPages: free - freeAfter });
    if (error === undefined) break;
  }
  // And when there is room again, it goes on.
  version += 2;
  before = await read();
  await write(version);
  say({ name, goesOn: (await read()) !== before });
}
