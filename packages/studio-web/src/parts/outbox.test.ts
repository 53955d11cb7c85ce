// What is not sent yet: several tabs, several raters, a server that comes and goes. No DOM.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client.ts';
import { type MemoryStorage, memoryStorage } from '../testing/memory-storage.ts';
import { keptEntries } from './kept-entries.ts';
import { createOutbox, type OutboxOptions } from './outbox.ts';

interface Entry {
  id: string;
}

let storage: MemoryStorage;
beforeEach(() => {
  vi.useFakeTimers();
  storage = memoryStorage();
});
afterEach(() => void vi.useRealTimers());

const down = () => new ApiError(0, 'the studio does not answer');
const refused = (status: number) => new ApiError(status, 'no', { isOfStudio: true });
const settle = (ms = 60_000) => vi.advanceTimersByTimeAsync(ms);

function open(
  rater: string,
  send: (entry: Entry) => Promise<unknown>,
  more: Partial<OutboxOptions<Entry, unknown>> & { study?: string } = {},
) {
  const keeper = { study: more.study ?? 'study', rater, kind: 'labelling' };
  const gone: Entry[] = [];
  const outbox = createOutbox<Entry>({
    keeper,
    send,
    kept: keptEntries<Entry>(keeper, { storage: () => storage }),
    onRefused: (entry) => gone.push(entry),
    ...more,
  });
  return { outbox, gone };
}

describe('an entry', () => {
  it('stays until it is acknowledged, through failures of every kind but a refusal', async () => {
    const failures = [
      down(),
      refused(401),
      refused(429),
      refused(503),
      new ApiError(404, 'a proxy'),
      new TypeError('x'),
    ];
    const sent: string[] = [];
    const { outbox, gone } = open('ann', async ({ id }) => {
      sent.push(id);
      const failure = failures.shift();
      if (failure) throw failure;
      return {};
    });
    outbox.add({ id: 'a' });
    await settle(0);
    expect(outbox.state.get()).toMatchObject({ waiting: 1, problem: { status: 0 } });
    expect(storage.entries.size).toBe(1);
    await settle();
    expect(sent).toEqual(Array(7).fill('a'));
    expect(outbox.state.get()).toEqual({ waiting: 0, isUnkept: false });
    expect(storage.entries.size).toBe(0);
    expect(gone).toEqual([]);
  });

  it('that the studio refuses for good is told and lets the next pass', async () => {
    const { outbox, gone } = open('ann', async ({ id }) => {
      if (id === 'b') throw refused(409);
      return {};
    });
    for (const id of ['a', 'b', 'c']) outbox.add({ id });
    await settle();
    expect(gone).toEqual([{ id: 'b' }]);
    expect(storage.entries.size).toBe(0);
  });

  it('is done once it is taken, whatever goes wrong in whoever is told', async () => {
    const sent: string[] = [];
    const errors: unknown[] = [];
    const { outbox } = open(
      'ann',
      async ({ id }) => {
        sent.push(id);
        if (id === 'b') throw refused(404);
      },
      {
        onSent: () => {
          throw new Error('the page broke');
        },
        onRefused: () => {
          throw new Error('and again');
        },
        onError: (error) => errors.push(error),
      },
    );
    for (const id of ['a', 'b', 'c']) outbox.add({ id });
    await settle(120_000);
    expect(sent).toEqual(['a', 'b', 'c']);
    expect(errors).toHaveLength(3);
    expect(storage.entries.size).toBe(0);
    outbox.add({ id: 'd' });
    await settle();
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
  });

  it('that the browser does not keep is sent all the same, and the page says so', async () => {
    storage.isForbidden = true;
    let isDown = true;
    const sent: string[] = [];
    const { outbox } = open('ann', async ({ id }) => {
      if (isDown) throw down();
      sent.push(id);
    });
    outbox.add({ id: 'a' });
    await settle(0);
    expect(outbox.state.get()).toMatchObject({ waiting: 1, isUnkept: true });
    isDown = false;
    await settle();
    expect(sent).toEqual(['a']);
    expect(outbox.state.get()).toEqual({ waiting: 0, isUnkept: false });
  });
});

describe('what a browser keeps', () => {
  it('is never sent for another rater, nor to another study', async () => {
    const fail = () => Promise.reject(refused(401));
    open('ann', fail).outbox.add({ id: 'of ann' });
    open('ann', fail, { study: 'other' }).outbox.add({ id: 'of ann elsewhere' });
    open('an', fail).outbox.add({ id: 'of an' });
    const sent: string[] = [];
    const bob = open('bob', async ({ id }) => void sent.push(id));
    bob.outbox.add({ id: 'of bob' });
    await settle(300_000);
    expect(sent).toEqual(['of bob']);
    const ann = open('ann', async ({ id }) => void sent.push(id));
    expect(ann.outbox.state.get().waiting).toBe(1);
    await settle();
    expect(sent).toEqual(['of bob', 'of ann']);
    expect(storage.entries.size).toBe(2);
  });

  it('of two tabs that were closed is all sent by the next one, in order', async () => {
    const fail = () => Promise.reject(down());
    const [one, two] = [open('ann', fail), open('ann', fail)];
    for (const id of ['a1', 'a2']) one.outbox.add({ id });
    for (const id of ['b1', 'b2', 'b3']) two.outbox.add({ id });
    await settle(100);
    expect(storage.entries.size).toBe(5);
    const sent: string[] = [];
    open('ann', async ({ id }) => void sent.push(id));
    await settle();
    expect(sent.toSorted()).toEqual(['a1', 'a2', 'b1', 'b2', 'b3']);
    expect(sent.indexOf('a1')).toBeLessThan(sent.indexOf('a2'));
    expect(sent.indexOf('b1')).toBeLessThan(sent.indexOf('b2'));
  });

  it('of a tab that was closed is sent by one that stayed open', async () => {
    const sent: string[] = [];
    open('ann', async ({ id }) => void sent.push(id));
    keptEntries<Entry>({ study: 'study', rater: 'ann', kind: 'labelling' }, { storage: () => storage }).add({
      id: 'x',
    });
    await settle(40_000);
    expect(sent).toEqual(['x']);
  });
});

/** A server as heed's is: an answer's id is taken once, an undo is remembered. */
function server() {
  const standing = new Map<string, string>();
  const log: { id: string; rater: string }[] = [];
  let isUp = true;
  return {
    log,
    setUp: (up: boolean) => {
      isUp = up;
    },
    sendAs: (rater: string, losesReply: () => boolean) => async (entry: Entry) => {
      if (!isUp) throw down();
      if (!standing.has(entry.id)) {
        standing.set(entry.id, rater);
        log.push({ id: entry.id, rater });
      }
      if (losesReply()) throw down();
      return { state: 'accepted' };
    },
  };
}

it('any interleaving of raters, tabs, closed tabs, lost replies and outages leaves each answer once, under its rater', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('answer' as const), tab: fc.nat(4) }),
    fc.record({ kind: fc.constant('close' as const), tab: fc.nat(4) }),
    fc.record({ kind: fc.constant('server' as const), up: fc.boolean() }),
    fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 20_000 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.boolean()), async (steps, coins) => {
      storage = memoryStorage();
      const studio = server();
      const losesReply = () => coins.next().value === true;
      const raters = ['ann', 'bob', 'cid', 'ann', 'bob'];
      /** A closed tab sends no more: its replies are lost with it. */
      const openTab = (rater: string) => {
        const tab = { rater, isOpen: true };
        const send = studio.sendAs(rater, losesReply);
        const { outbox } = open(rater, (entry) => (tab.isOpen ? send(entry) : new Promise(() => {})));
        const close = () => {
          tab.isOpen = false;
          outbox.stop();
        };
        return { rater, outbox, close };
      };
      const tabs = raters.map(openTab);
      const expected: { id: string; rater: string }[] = [];
      for (const [i, action] of steps.entries()) {
        if (action.kind === 'server') studio.setUp(action.up);
        else if (action.kind === 'wait') await settle(action.ms);
        else {
          const tab = tabs[action.tab]!;
          if (action.kind === 'answer') {
            const entry = { id: `${i} of ${tab.rater}` };
            tab.outbox.add(entry);
            expected.push({ ...entry, rater: tab.rater });
          } else {
            tab.close();
            tabs[action.tab] = openTab(tab.rater);
          }
        }
      }
      studio.setUp(true);
      await settle(2_000_000);
      const byId = (list: { id: string; rater: string }[]) => list.toSorted((a, b) => a.id.localeCompare(b.id));
      expect(byId(studio.log)).toEqual(byId(expected));
      expect(storage.entries.size).toBe(0);
      for (const { outbox } of tabs) outbox.stop();
      vi.clearAllTimers();
    }),
    { numRuns: 60 },
  );
});
