/**
 * Adds pictures from the page for trying models to the set that raters judge. Only one process at a time may add to the
 * index of images. While a command generates images, a request is kept in `.heed/to-judge.jsonl`. After that command
 * has ended, this studio or a later one adds the picture.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createQueue } from '@heed/diffusion/one-at-a-time';
import { z } from 'zod';
import { InputError } from '../../errors.ts';
import { createJsonLinesWriter, readJsonLines } from '../../files/json-lines.ts';
import { createImageStore } from '../../images/index.ts';
import { holderOf, withLock } from '../../project/lock.ts';
import type { Project } from '../../project/project.ts';

const FILE = 'to-judge.jsonl';

const wishSchema = z.object({ image: z.string().regex(/^[0-9a-f]{16}$/), set: z.string().min(1).max(200) });
type Wish = z.output<typeof wishSchema>;

export interface JudgeLater {
  /**
   * Resolves when the picture is in the set, or when the request is on disk; `waitsFor` then names the command that
   * generates images. Throws when the picture no longer exists.
   */
  add(image: string): Promise<{ readonly waitsFor?: string }>;
  close(): Promise<void>;
}

/**
 * `onAdopted` is called with the pictures that were added to the set. `lookEveryMs` is the interval between attempts to
 * take the lock.
 */
export function openJudgeLater(
  project: Project,
  options: {
    set: string;
    onAdopted: (images: readonly string[]) => Promise<void>;
    onError?: ((error: unknown) => void) | undefined;
    lookEveryMs?: number;
  },
): JudgeLater {
  const { set, onAdopted, onError = () => {}, lookEveryMs = 500 } = options;
  const path = join(project.paths.state, FILE);
  const writer = createJsonLinesWriter(path, { fsync: true });
  const closing = new AbortController();
  const waiting = new Set<string>();
  let running: Promise<void> | undefined;

  const adopt = async (images: readonly string[]) => {
    const store = createImageStore(project.paths.images);
    try {
      for (const image of images) {
        if (!store.has(image)) continue;
        const { id: _, file: __, width: ___, height: ____, ...recipe } = store.get(image);
        await store.adopt({ ...recipe, set });
      }
    } finally {
      await store.close();
    }
  };
  // Requests of this process take turns: each would otherwise find the lock held by another of them.
  const inTurn = createQueue();
  /** Adds the pictures and returns undefined, or returns the command that holds the lock. */
  const tryToAdopt = (images: readonly string[]): Promise<string | undefined> =>
    inTurn(async () => {
      try {
        await withLock(project, 'generate', () => adopt(images), { command: 'studio' });
      } catch (error) {
        const holder = holderOf(error);
        if (holder === undefined) throw error;
        return holder.command;
      }
      return undefined;
    });
  const adoptWaiting = async () => {
    const { signal } = closing;
    while (waiting.size > 0 && !signal.aborted) {
      const images = [...waiting];
      if ((await tryToAdopt(images)) === undefined) {
        for (const image of images) waiting.delete(image);
        await onAdopted(images);
      } else await sleep(lookEveryMs, undefined, { signal });
    }
  };
  const wait = (images: readonly string[]) => {
    for (const image of images) waiting.add(image);
    running ??= adoptWaiting()
      .catch((error: unknown) => {
        if (!closing.signal.aborted) onError(error);
      })
      .finally(() => {
        running = undefined;
      });
  };

  const left = leftOver(path, { set, folder: project.paths.images });
  if (left.length > 0) wait(left);

  return {
    async add(image) {
      await mkdir(project.paths.state, { recursive: true });
      await writer.append([{ image, set } satisfies Wish]);
      const waitsFor = await tryToAdopt([image]);
      if (waitsFor !== undefined) {
        wait([image]);
        return { waitsFor };
      }
      await onAdopted([image]);
      return {};
    },
    async close() {
      closing.abort();
      await running;
      await writer.close();
    },
  };
}

/** Images that an earlier studio was asked to add but did not add. */
function leftOver(path: string, { set, folder }: { set: string; folder: string }): string[] {
  const wishes = readJsonLines(path, parseWish).records.filter((wish) => wish.set === set);
  if (wishes.length === 0) return [];
  const store = createImageStore(folder);
  const there = new Set(store.all({ set, isWhole: true }).map(({ id }) => id));
  return [...new Set(wishes.map(({ image }) => image))].filter((image) => store.has(image) && !there.has(image));
}

function parseWish(value: unknown): Wish {
  const result = wishSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`expected a picture to judge, got a bad value in ${result.error.issues[0]?.path.join('.')}`);
}
