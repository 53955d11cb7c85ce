// What is added together is done together; what would wait too long is refused, and nothing of it is done.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBatches, Overloaded } from './batches.ts';

describe('createBatches', () => {
  /** Batches whose work waits until it is let go. */
  const held = (options: Parameters<typeof createBatches>[1]) => {
    const seen: number[][] = [];
    const gates: (() => void)[] = [];
    const batches = createBatches(async (items: readonly number[]) => {
      seen.push([...items]);
      await new Promise<void>((resolve) => gates.push(resolve));
      return items.map((item) => 10 * item);
    }, options);
    const release = async () => {
      for (let idle = false; !idle; ) {
        gates.shift()?.();
        await sleep(1);
        idle = gates.length === 0;
      }
    };
    return { batches, seen, release };
  };

  it('gives each its own result, in the order of adding', async () => {
    const { batches, seen, release } = held({ maxItems: 3 });
    const results = [1, 2, 3, 4, 5].map((item) => batches.add(item));
    await release();
    expect(await Promise.all(results)).toEqual([10, 20, 30, 40, 50]);
    expect(seen).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('refuses at once what is more than may wait, and takes more when there is room', async () => {
    const { batches, seen, release } = held({ maxItems: 2, maxWaiting: 2 });
    const results = [1, 2, 3].map((item) => batches.add(item));
    await expect(batches.add(4)).rejects.toBeInstanceOf(Overloaded);
    await release();
    expect(await Promise.all(results)).toEqual([10, 20, 30]);
    const late = batches.add(5);
    await release();
    expect(await late).toBe(50);
    expect(seen).toEqual([[1], [2, 3], [5]]);
  });

  it('lets nothing join a queue whose first has waited too long', async () => {
    let now = 0;
    const { batches, release } = held({ maxWaitMs: 100, nowMs: () => now });
    const results = [batches.add(1), batches.add(2)];
    now = 100;
    results.push(batches.add(3));
    now = 101;
    await expect(batches.add(4)).rejects.toBeInstanceOf(Overloaded);
    await release();
    expect(await Promise.all(results)).toEqual([10, 20, 30]);
  });

  it('fails a batch alone where its work fails', async () => {
    const batches = createBatches(
      async (items: readonly number[]) => {
        if (items.includes(2)) throw new Error('two');
        return items;
      },
      { maxItems: 1 },
    );
    const results = await Promise.allSettled([1, 2, 3].map((item) => batches.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await batches.idle();
  });
});
