/**
 * heed's side of the benchmark, a separate process. It reads requests as lines of JSON on stdin and answers in lines on
 * stdout (`../protocol.ts`). What is measured stands in the file of each kind of work.
 */
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeSafetensors } from '@heed/diffusion';
// Loads the runtime's library.
import '@heed/diffusion/autodiff';
import { residentBytes } from '../memory.ts';
import type { Exchanges, WorkKind } from '../protocol.ts';
import type { SettingsOf } from '../settings.ts';
import type { OpenOptions, Workload } from './workload.ts';

type Opener<S> = (options: OpenOptions<S>) => Promise<Workload>;

/** Imported when asked for: the memory measured is that of the work at hand. */
const OPENERS: { [K in WorkKind]: () => Promise<Opener<SettingsOf[K]>> } = {
  'training-step': async () => (await import('./training-step.ts')).openTrainingStep,
  sampling: async () => (await import('./sampling.ts')).openSampling,
  'clip-embedding': async () => (await import('./clip-embedding.ts')).openClipEmbedding,
  'reward-training': async () => (await import('./reward-training.ts')).openRewardTraining,
  'fid-statistics': async () => (await import('./fid.ts')).openFidStatistics,
  'fid-distance': async () => (await import('./fid.ts')).openFidDistance,
  'method-update': async () => (await import('./method-update.ts')).openMethodUpdate,
};

/** Of several ranks, rank 0 answers for all. */
const isOtherRank = Number(process.env.OMPI_COMM_WORLD_RANK ?? 0) > 0;

let workload: Workload | undefined;
let folder = '';

function opened(): Workload {
  if (workload === undefined) throw new Error('expected the request "open" before any other, got none');
  return workload;
}

type Handlers = {
  [D in keyof Exchanges]: (request: Exchanges[D]['request']) => Promise<Exchanges[D]['reply']>;
};

const HANDLERS: Handlers = {
  async open({ kind, folder: given, settings, threads, runtime }) {
    if (!Object.hasOwn(OPENERS, kind)) {
      throw new Error(`expected a kind of work out of ${Object.keys(OPENERS).join(', ')}, got '${kind}'`);
    }
    const opener = (await OPENERS[kind]()) as Opener<object>;
    const loadedBytes = residentBytes('now');
    folder = given;
    workload = await opener({ folder, settings, threads, runtime });
    return { loadedBytes };
  },
  async check({ file }) {
    const values = await opened().check();
    if (!isOtherRank) await writeSafetensors(join(folder, file), values, { dtype: 'F32' });
    return {};
  },
  async round({ repeats }) {
    const work = opened();
    work.exchanged?.();
    const [start, cpuStart] = [performance.now(), process.cpuUsage()];
    for (let i = 0; i < repeats; i++) await work.runOnce();
    const [milliseconds, { user, system }] = [performance.now() - start, process.cpuUsage(cpuStart)];
    const exchanged = work.exchanged?.();
    return {
      seconds: milliseconds / 1000 / repeats,
      cpuSeconds: (user + system) / 1e6 / repeats,
      ...(exchanged && { exchange: { seconds: exchanged.seconds / repeats, bytes: exchanged.bytes / repeats } }),
    };
  },
  async memory() {
    return { peakBytes: residentBytes('peak') };
  },
};

const answer = (reply: object) => {
  if (!isOtherRank) process.stdout.write(`${JSON.stringify(reply)}\n`);
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...request } = JSON.parse(line);
  try {
    if (!Object.hasOwn(HANDLERS, name)) {
      throw new Error(`expected a request out of ${Object.keys(HANDLERS).join(', ')}, got '${name}'`);
    }
    const reply = await HANDLERS[name as keyof Exchanges](request as never);
    answer(reply);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // Rank 0 may wait for this one: the launcher ends it.
    if (isOtherRank) {
      process.stderr.write(`${message}\n`);
      process.exit(1);
    }
    answer({ error: message });
  }
}
await workload?.close?.();
// Sessions are still open; the process has nothing left to do.
process.exit(0);
