// Labelling without a browser: marks, undo, practice, waiting for others, places that come back.
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keptEntries } from '../parts/kept-entries.ts';
import { labellingServer } from '../testing/labelling-server.ts';
import { type MemoryStorage, memoryStorage } from '../testing/memory-storage.ts';
import type { Acknowledged, LabellingEntry } from './entries.ts';
import { createLabeller } from './labeller.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function openPage(
  server: ReturnType<typeof labellingServer>,
  options: { rater?: string; page?: string; storage?: MemoryStorage } = {},
) {
  const { rater = 'ann', storage = memoryStorage() } = options;
  const { page = rater } = options;
  const activity = { isHere: true, wake: () => {} };
  const keeper = { study: 'study', rater, kind: 'labelling' };
  const labeller = createLabeller({
    api: server.api(rater, page),
    activity: {
      isActive: () => activity.isHere,
      onWake: (listener) => {
        activity.wake = listener;
        return () => {};
      },
    },
    prepareImage: async (image) => ({ ...image, url: image.name, isBroken: false }),
    outbox: { keeper, kept: keptEntries<LabellingEntry>(keeper, { storage: () => storage }) },
  });
  const judge = async () => {
    labeller.markAll('good');
    await pass(300);
  };
  return { labeller, activity, judge, state: () => labeller.state.get() };
}

/** A server whose answers to what is sent get what `onSend` returns besides. */
function listenedTo(
  server: ReturnType<typeof labellingServer>,
  onSend: (entry: LabellingEntry) => Partial<Acknowledged> | undefined,
): ReturnType<typeof labellingServer> {
  return {
    ...server,
    api(rater, page) {
      const api = server.api(rater, page);
      return { ...api, send: async (entry) => ({ ...(await api.send(entry)), ...onSend(entry) }) };
    },
  };
}

describe('a rater', () => {
  it('marks image by image, and the answer goes when the last one is marked', async () => {
    const server = labellingServer({ queries: 2, ratersPerQuery: 1 });
    const { labeller, state } = openPage(server);
    await pass(10);
    expect(state()).toMatchObject({ phase: 'asking', current: 0, answered: 0, open: 2 });
    labeller.mark('good');
    expect(state()).toMatchObject({ current: 1, message: { kind: 'marked', image: 1, mark: 'good' } });
    labeller.mark('bad', 2);
    expect(state().current).toBe(1);
    labeller.mark('bad');
    await pass(300);
    expect(server.standing()).toMatchObject([{ query: 'q0', labels: ['good', 'bad', 'bad'] }]);
    expect(state()).toMatchObject({ phase: 'asking', answered: 1, open: 1, message: { kind: 'answered' } });
  });

  it('takes marks back first, then whole answers, as they were', async () => {
    const server = labellingServer({ queries: 3, ratersPerQuery: 1 });
    const { labeller, state, judge } = openPage(server);
    await pass(10);
    await judge();
    labeller.mark('bad');
    labeller.undo();
    expect(state()).toMatchObject({ marks: [undefined, undefined, undefined], message: { kind: 'cleared' } });
    labeller.undo();
    await pass(10);
    expect(state()).toMatchObject({ query: { id: 'q0' }, marks: ['good', 'good', 'good'], answered: 0 });
    expect(server.standing()).toEqual([]);
    labeller.mark('bad', 0);
    await pass(300);
    expect(server.standing()).toMatchObject([{ query: 'q0', labels: ['bad', 'good', 'good'] }]);
  });

  it('keeps a query that was taken back, though another tab asks at once', async () => {
    const server = labellingServer({ queries: 8, ratersPerQuery: 1 });
    const one = openPage(server, { page: 'one' });
    await pass(10);
    await one.judge();
    one.labeller.undo();
    await pass(1);
    const two = openPage(server, { page: 'two' });
    await pass(10);
    expect(one.state().query?.id).toBe('q0');
    expect(two.state().query?.id).toBe('q7');
  });

  it('keeps all queries that were taken back, for as long as somebody is at the page', async () => {
    const server = labellingServer({ queries: 12, ratersPerQuery: 1 });
    const { labeller, activity, judge, state } = openPage(server, { page: 'one' });
    await pass(10);
    for (let i = 0; i < 4; i++) await judge();
    for (let i = 0; i < 4; i++) labeller.undo();
    await pass(60_000);
    expect(state().query?.id).toBe('q0');
    expect(server.held('ann')).toBe(9);
    activity.wake();
    await pass(10);
    expect(server.held('ann')).toBe(9);
    for (let i = 0; i < 12; i++) await judge();
    expect(server.standing().map(({ query }) => query)).toEqual(Array.from({ length: 12 }, (_, i) => `q${i}`));
  });

  it('is told what is right in practice, and the words are gone with the next query', async () => {
    const server = labellingServer({ queries: 2, ratersPerQuery: 1, practice: 1 });
    const { labeller, state, judge } = openPage(server);
    await pass(10);
    expect(state().query?.isPractice).toBe(true);
    await judge();
    expect(state()).toMatchObject({ phase: 'explaining', message: { kind: 'explained' } });
    labeller.goOn();
    await pass(10);
    expect(state()).toMatchObject({ phase: 'asking', hint: 'practiceIsOver', message: undefined });
  });

  it('sees a failure, and the page goes on by itself when the studio is back', async () => {
    const server = labellingServer({ queries: 12, ratersPerQuery: 1 });
    server.setUp(false);
    const [{ state }, impatient] = [openPage(server, { page: 'one' }), openPage(server, { page: 'two' })];
    await pass(10);
    expect(state()).toMatchObject({ phase: 'failed', problem: { kind: 'failed' } });
    server.setUp(true);
    impatient.labeller.retry();
    await pass(10);
    expect(impatient.state()).toMatchObject({ phase: 'asking', problem: undefined });
    await pass(6000);
    expect(state()).toMatchObject({ phase: 'asking', problem: undefined, open: 12 });
  });

  it('whose answer was refused is told so until the next answer', async () => {
    const server = labellingServer({ queries: 3, ratersPerQuery: 2 });
    const [one, two] = [openPage(server, { page: 'one' }), openPage(server, { page: 'two' })];
    await pass(10);
    // Two tabs are asked different queries.
    expect(one.state().query?.id).not.toBe(two.state().query?.id);
    await server.api('ann').send({ kind: 'answer', id: 'x', query: one.state().query!.id, labels: null });
    await one.judge();
    expect(one.state().problem).toMatchObject({ kind: 'answerRefused', reason: { code: 'answered' } });
  });
});

describe('an answer', () => {
  it('can be changed until it goes, a moment after the last mark', async () => {
    const server = labellingServer({ queries: 2, ratersPerQuery: 1 });
    const { labeller } = openPage(server);
    await pass(10);
    labeller.markAll('good');
    await pass(150);
    labeller.mark('bad', 0);
    await pass(150);
    expect(server.standing()).toEqual([]);
    await pass(100);
    expect(server.standing()).toMatchObject([{ query: 'q0', labels: ['bad', 'good', 'good'] }]);
  });

  it('may be none: a skip has a reason, counts, and is taken back like another', async () => {
    const server = labellingServer({ queries: 2, ratersPerQuery: 1 });
    const sent: LabellingEntry[] = [];
    const { labeller, state } = openPage(
      listenedTo(server, (entry) => {
        sent.push(entry);
        return undefined;
      }),
    );
    await pass(10);
    labeller.mark('good');
    labeller.skip('unclear');
    await pass(300);
    expect(sent).toMatchObject([{ kind: 'answer', query: 'q0', labels: null, reason: 'unclear' }]);
    expect(state()).toMatchObject({ query: { id: 'q1' }, answered: 1, open: 1, message: { kind: 'skipped' } });
    labeller.undo();
    await pass(10);
    expect(state()).toMatchObject({ query: { id: 'q0' }, answered: 0, open: 2, canUndo: false });
    expect(server.standing()).toEqual([]);
  });

  it('that came too fast is told so until the next one', async () => {
    const server = labellingServer({ queries: 3, ratersPerQuery: 1 });
    const { judge, labeller, state } = openPage(listenedTo(server, () => ({ tooFast: true })));
    await pass(10);
    await judge();
    expect(state().hint).toBe('tooFast');
    labeller.markAll('good');
    expect(state().hint).toBe('tooFast');
  });

  it('of a finished, failed or explained page is not taken', async () => {
    const server = labellingServer({ queries: 2, ratersPerQuery: 1, practice: 1 });
    const { labeller, judge, state } = openPage(server);
    labeller.answer(['good', 'good', 'good']);
    labeller.skip();
    await pass(10);
    await judge();
    expect(state().phase).toBe('explaining');
    labeller.answer(['bad', 'bad', 'bad']);
    labeller.mark('bad');
    labeller.skip();
    labeller.undo();
    await pass(300);
    expect(state().phase).toBe('explaining');
    labeller.goOn();
    await judge();
    await pass(1000);
    expect(state().phase).toBe('finished');
    labeller.answer(['bad', 'bad', 'bad']);
    labeller.markAll('bad');
    await pass(1000);
    expect(server.standing().map(({ labels }) => labels)).toEqual(Array(2).fill(['good', 'good', 'good']));
  });
});

describe('a digit', () => {
  it('selects an image, and out of range nothing', async () => {
    const { labeller, state } = openPage(labellingServer({ queries: 1, ratersPerQuery: 1 }));
    await pass(10);
    for (const [index, current] of [[2, 2] as const, [3, 2] as const, [-1, 2] as const, [0, 0] as const]) {
      labeller.pick(index);
      expect(state()).toMatchObject({ current, marks: [undefined, undefined, undefined] });
    }
  });

  it('chooses the best image where that is asked', async () => {
    const server = labellingServer({ queries: 1, ratersPerQuery: 1, asksBest: true });
    const { labeller, state } = openPage(server);
    await pass(10);
    labeller.pick(1);
    expect(state().message).toEqual({ kind: 'chosen', image: 2 });
    await pass(300);
    expect(server.standing()).toMatchObject([{ labels: ['bad', 'good', 'bad'] }]);
  });
});

describe('a query that others answered meanwhile', () => {
  /** Ann leaves her page open, with so many marks, until Bob has answered what she saw. */
  async function comeBack(marks: number) {
    const server = labellingServer({ queries: 8, ratersPerQuery: 1 });
    const ann = openPage(server, { rater: 'ann' });
    await pass(10);
    for (let i = 0; i < marks; i++) ann.labeller.mark('good');
    ann.activity.isHere = false;
    await pass(60_000);
    const bob = openPage(server, { rater: 'bob' });
    await pass(10);
    expect(bob.state().query?.id).toBe('q0');
    await bob.judge();
    bob.labeller.stop();
    ann.activity.isHere = true;
    ann.activity.wake();
    await pass(10);
    return ann.state();
  }

  it('gives way to the next one', async () => {
    expect(await comeBack(0)).toMatchObject({ query: { id: 'q1' }, message: { kind: 'othersWereFaster' } });
  });

  it('stays where marks have begun', async () => {
    expect(await comeBack(1)).toMatchObject({ query: { id: 'q0' }, marks: ['good', undefined, undefined] });
  });
});

describe('the end', () => {
  it('is "waiting" while others hold the last ones, and the page asks again by itself', async () => {
    const server = labellingServer({ queries: 4, ratersPerQuery: 1 });
    const ann = openPage(server, { rater: 'ann' });
    await pass(10);
    const bob = openPage(server, { rater: 'bob' });
    await pass(10);
    expect(bob.state()).toMatchObject({ phase: 'waiting', open: 4 });
    // Ann closes her page: what she held comes to Bob without a touch.
    ann.labeller.stop();
    await pass(15_000);
    expect(bob.state().phase).toBe('asking');
    for (let i = 0; i < 4; i++) {
      await bob.judge();
      await pass(1000);
    }
    expect(bob.state()).toMatchObject({ phase: 'finished', answered: 4, open: 0 });
  });

  it('comes to the others within a minute after a rater has left an open page', async () => {
    const server = labellingServer({ queries: 4, ratersPerQuery: 1 });
    const ann = openPage(server, { rater: 'ann' });
    await pass(60_000);
    // Somebody is at the page: what it holds stays held.
    expect(server.held('ann')).toBe(4);
    ann.activity.isHere = false;
    const bob = openPage(server, { rater: 'bob' });
    await pass(60_000);
    expect(server.held('ann')).toBe(0);
    expect(bob.state().phase).toBe('asking');
    // Bob does all of it; Ann comes back to a query that is done, and then to the end.
    for (let i = 0; i < 4; i++) {
      await bob.judge();
      await pass(1000);
    }
    ann.activity.isHere = true;
    ann.activity.wake();
    await pass(1000);
    expect(ann.state()).toMatchObject({ phase: 'finished' });
  });

  it('is not the end while answers are under way', async () => {
    const server = labellingServer({ queries: 1, ratersPerQuery: 1 });
    const { state, judge } = openPage(server);
    await pass(10);
    server.setUp(false);
    await judge();
    await pass(5000);
    expect(state().phase).not.toBe('finished');
    server.setUp(true);
    await pass(60_000);
    expect(state()).toMatchObject({ phase: 'finished', answered: 1, open: 0 });
  });
});

/** Both tabs were once asked the query that one of them had taken back. */
const TAKEN_BACK_BESIDE_ANOTHER_TAB = (
  [
    ['judge', 0],
    ['judge', 0],
    ['reopen', 2],
    ['undo', 0],
    ['judge', 0],
    ['judge', 2],
  ] as const
).map(([kind, tab]) => ({ kind, tab, ms: 1 }));

it('any interleaving of two raters in three tabs, undo, outages and closed tabs loses and doubles nothing', async () => {
  const step = fc.record({
    kind: fc.constantFrom('judge', 'judge', 'judge', 'skip', 'undo', 'reopen', 'outage', 'wait'),
    tab: fc.nat(2),
    ms: fc.integer({ min: 1, max: 12_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const server = labellingServer({ queries: 40, ratersPerQuery: 2 });
      const storage = memoryStorage();
      let pages = 0;
      const open = (rater: string) => openPage(server, { rater, page: `${rater} ${pages++}`, storage });
      const raters = ['ann', 'bob', 'ann'];
      const tabs = raters.map(open);
      for (const { kind, tab, ms } of steps) {
        const { labeller, judge } = tabs[tab]!;
        if (kind === 'judge') await judge();
        else if (kind === 'skip') labeller.skip();
        else if (kind === 'undo') labeller.undo();
        else if (kind === 'wait') await pass(ms);
        else if (kind === 'reopen') {
          labeller.stop();
          tabs[tab] = open(raters[tab]!);
        } else {
          server.setUp(false);
          await pass(ms);
          server.setUp(true);
        }
      }
      await pass(300_000);
      expect(storage.entries.size).toBe(0);
      const keys = server.standing().map(({ rater, query }) => `${rater} ${query}`);
      expect(new Set(keys).size).toBe(keys.length);
      for (const tab of tabs) expect(tab.state().problem).toBeUndefined();
      for (const { labeller } of tabs) labeller.stop();
      vi.clearAllTimers();
    }),
    { numRuns: 40, examples: [[TAKEN_BACK_BESIDE_ANOTHER_TAB]] },
  );
});
