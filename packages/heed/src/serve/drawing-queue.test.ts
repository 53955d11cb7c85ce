// Who is drawn when: fair turns, one size a batch, a bounded line, clients that leave, and an end.
import type { RgbImage } from '@heed/diffusion';
import { describe, expect, it } from 'vitest';
import { createDrawingQueue, type Drawing } from './drawing-queue.ts';

const drawings = (prompt: string, count: number, side = 8): Drawing[] =>
  Array.from({ length: count }, (_, seed) => ({ prompt, seed, width: side, height: side }));
const never = new AbortController().signal;

/** A model whose batches end when the test says so; a picture's first pixel is its seed. */
function openQueue({ batchSize = 4, limit = 10 } = {}) {
  const batches: { names: string[]; signal: AbortSignal; end: (error?: Error) => void }[] = [];
  const queue = createDrawingQueue({
    batchSize: () => batchSize,
    limit,
    draw: (batch, signal) =>
      new Promise<RgbImage[]>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')));
        batches.push({
          names: batch.map(({ prompt, seed, width }) => `${prompt}${seed}${width === 8 ? '' : ` at ${width}`}`),
          signal,
          end: (error) =>
            error
              ? reject(error)
              : resolve(batch.map(({ seed, width, height }) => ({ width, height, data: Uint8Array.of(seed) }))),
        });
      }),
  });
  const batch = async (n: number) => {
    await expect.poll(() => batches.length).toBeGreaterThan(n);
    return batches[n]!;
  };
  const endAll = async (images: Promise<unknown>) => {
    let isDone = false;
    const done = images.finally(() => (isDone = true));
    for (let n = 0; !isDone; n++) {
      await expect.poll(() => isDone || batches.length > n).toBe(true);
      batches[n]?.end();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return done;
  };
  return { queue, batches, batch, endAll };
}

describe('the queue', () => {
  it('draws one picture of each request in turn and gives each its own, in order', async () => {
    const { queue, batches, endAll } = openQueue();
    const all = Promise.all([
      queue.draw(drawings('a', 7), never),
      queue.draw(drawings('b', 1), never),
      queue.draw(drawings('c', 2), never),
    ]);
    const images = (await endAll(all)) as RgbImage[][];
    expect(batches.map(({ names }) => names)).toEqual([
      ['a0', 'b0', 'c0', 'a1'],
      ['a2', 'c1', 'a3', 'a4'],
      ['a5', 'a6'],
    ]);
    expect(images.map((each) => each.map(({ data }) => data[0]))).toEqual([[0, 1, 2, 3, 4, 5, 6], [0], [0, 1]]);
  });

  it('keeps sizes apart, without letting one of them starve', async () => {
    const { queue, batches, endAll } = openQueue({ batchSize: 2 });
    await endAll(
      Promise.all([
        queue.draw(drawings('a', 4), never),
        queue.draw(drawings('b', 2, 16), never),
        queue.draw(drawings('c', 2), never),
      ]),
    );
    expect(batches.map(({ names }) => names)).toEqual([
      ['a0', 'c0'],
      ['b0 at 16', 'b1 at 16'],
      ['a1', 'c1'],
      ['a2', 'a3'],
    ]);
  });

  it('refuses what is beyond its length and says when to come again', async () => {
    const { queue, batch, endAll } = openQueue({ batchSize: 1, limit: 1 });
    const first = queue.draw(drawings('a', 2), never);
    await batch(0);
    const second = queue.draw(drawings('b', 1), never);
    expect(queue.state()).toEqual({ waiting: 1, drawing: 1, limit: 1 });
    expect(await queue.draw(drawings('c', 1), never)).toEqual({ reason: 'full', retryAfterSeconds: 3 });
    await endAll(Promise.all([first, second]));
    expect(queue.state()).toEqual({ waiting: 0, drawing: 0, limit: 1 });
  });

  it('takes a request at rest even where none may wait', async () => {
    const { queue, endAll } = openQueue({ limit: 0 });
    expect(await endAll(queue.draw(drawings('a', 1), never))).toHaveLength(1);
    expect(await endAll(queue.draw(drawings('a', 1), never))).toHaveLength(1);
  });

  it('drops a request whose client has left, and stops a batch that nobody needs', async () => {
    const { queue, batch, batches } = openQueue({ batchSize: 2 });
    const [first, second] = [new AbortController(), new AbortController()];
    const a = queue.draw(drawings('a', 5), first.signal);
    const b = queue.draw(drawings('b', 1), second.signal);
    const { signal } = await batch(0);
    const left = expect(a).rejects.toThrow('aborted');
    first.abort();
    await left;
    expect(signal.aborted).toBe(false);
    second.abort();
    await expect(b).rejects.toThrow('aborted');
    expect(signal.aborted).toBe(true);
    await expect.poll(() => queue.state()).toEqual({ waiting: 0, drawing: 0, limit: 10 });
    expect(batches).toHaveLength(1);
    await expect(queue.draw(drawings('c', 1), AbortSignal.abort())).rejects.toThrow('abort');
  });

  it('tells every request of a batch that failed, and goes on', async () => {
    const { queue, batch, endAll } = openQueue({ batchSize: 2 });
    const failing = [queue.draw(drawings('a', 3), never), queue.draw(drawings('b', 1), never)];
    const failed = Promise.allSettled(failing);
    (await batch(0)).end(new Error('no memory'));
    expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await endAll(queue.draw(drawings('c', 1), never))).toHaveLength(1);
  });

  it('finishes what it has when it closes, and takes nothing more', async () => {
    const { queue, batch, endAll } = openQueue({ batchSize: 1 });
    const under = queue.draw(drawings('a', 2), never);
    await batch(0);
    const closed = queue.close({ graceMs: 100_000 });
    expect(await queue.draw(drawings('b', 1), never)).toMatchObject({ reason: 'closed' });
    expect(await endAll(under)).toHaveLength(2);
    await closed;
  });

  it('stops what is not finished in time when it closes', async () => {
    const { queue, batch } = openQueue({ batchSize: 1 });
    const stopped = expect(queue.draw(drawings('a', 2), never)).rejects.toThrow('stopping');
    const { signal } = await batch(0);
    await queue.close({ graceMs: 20 });
    await stopped;
    expect(signal.aborted).toBe(true);
  });
});
