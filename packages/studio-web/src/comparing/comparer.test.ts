// Comparing without a browser: two questions, undo, waiting, and answers that are refused.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError } from '../api/client.ts';
import { keptEntries } from '../parts/kept-entries.ts';
import { memoryStorage } from '../testing/memory-storage.ts';
import { createComparer } from './comparer.ts';
import type { ComparingApi, ComparisonEntry, LeasedComparison } from './comparing-api.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function openPage(count: number) {
  const sent: ComparisonEntry[] = [];
  const held = { others: new Set<string>(), refused: new Set<string>(), isUp: true };
  const ids = Array.from({ length: count }, (_, i) => `q${i}`);
  /** Answered in another tab: the page learns of it when its own answer is refused. */
  const told = new Set<string>();
  const retracted = () => new Set(sent.flatMap((entry) => (entry.kind === 'retract' ? [entry.id] : [])));
  const standing = () =>
    sent.flatMap((entry) => (entry.kind === 'answer' && !retracted().has(entry.id) ? [entry] : []));
  const open = () => ids.filter((id) => !told.has(id) && !standing().some(({ query }) => query === id));
  const check = () => {
    if (!held.isUp) throw new ApiError(0, 'the studio does not answer');
  };
  const picture = (name: string) => ({ name, width: 64, height: 64 });
  const api: ComparingApi = {
    page: 'one',
    standing: async () => ({ answered: standing().length, open: open().length }),
    lease: async (n) => {
      check();
      return open()
        .filter((id) => !held.others.has(id))
        .slice(0, n)
        .map((id): LeasedComparison => ({ id, prompt: id, left: [picture(`${id}l`)], right: [picture(`${id}r`)] }));
    },
    release: () => {},
    send: async (entry) => {
      check();
      if (entry.kind === 'answer' && held.refused.has(entry.query)) {
        told.add(entry.query);
        throw new ApiError(409, 'answered', { code: 'answered', isOfStudio: true });
      }
      if (!sent.includes(entry)) sent.push(entry);
      return { state: 'accepted' };
    },
  };
  const keeper = { study: 'study', rater: 'ann', kind: 'comparing' };
  const comparer = createComparer({
    api,
    activity: { isActive: () => true, onWake: () => () => {} },
    prepareImage: async (image) => ({ ...image, url: image.name, isBroken: false }),
    outbox: { keeper, kept: keptEntries<ComparisonEntry>(keeper, { storage: memoryStorage }) },
  });
  return { comparer, held, ids, standing, state: () => comparer.state.get() };
}

describe('a page that waits', () => {
  it('counts what there is to do once a comparison was started', async () => {
    const { ids, state } = openPage(0);
    await pass(10);
    expect(state()).toMatchObject({ phase: 'finished', open: 0 });
    ids.push('new 1', 'new 2', 'new 3');
    await pass(60_000);
    expect(state()).toMatchObject({ phase: 'asking', query: { id: 'new 1' }, answered: 0, open: 3 });
  });
});

describe('a comparison', () => {
  it('is sent when both questions are answered and the rater goes on', async () => {
    const { comparer, standing, state } = openPage(2);
    await pass(10);
    comparer.say('left');
    expect(state()).toMatchObject({ current: 'fidelity', message: { kind: 'said', question: 'alignment' } });
    comparer.goOn();
    await pass(10);
    expect(standing()).toEqual([]);
    comparer.say('tie');
    comparer.goOn();
    await pass(10);
    expect(standing()).toMatchObject([{ query: 'q0', alignment: 'left', fidelity: 'tie' }]);
    expect(state()).toMatchObject({ phase: 'asking', query: { id: 'q1' }, answered: 1, open: 1, said: {} });
  });

  it('is taken back answer by answer, then whole, as it was', async () => {
    const { comparer, standing, state } = openPage(2);
    await pass(10);
    for (const said of ['left', 'right'] as const) comparer.say(said);
    comparer.goOn();
    await pass(10);
    comparer.say('tie');
    comparer.undo();
    expect(state()).toMatchObject({ said: {}, message: { kind: 'takenBack' } });
    comparer.undo();
    await pass(10);
    expect(standing()).toEqual([]);
    expect(state()).toMatchObject({ query: { id: 'q0' }, said: { alignment: 'left', fidelity: 'right' } });
    comparer.goOn();
    await pass(10);
    expect(standing()).toMatchObject([{ query: 'q0' }]);
    expect(state().query?.id).toBe('q1');
  });

  it('that the studio refuses is told; waiting and the end are told apart', async () => {
    const { comparer, held, state } = openPage(3);
    held.others.add('q2');
    held.refused.add('q0');
    await pass(10);
    const answer = async () => {
      for (const said of ['left', 'left'] as const) comparer.say(said);
      comparer.goOn();
      await pass(1000);
    };
    await answer();
    expect(state().problem).toMatchObject({ kind: 'answerRefused', reason: { code: 'answered' } });
    await answer();
    await answer();
    expect(state().phase).toBe('waiting');
    held.others.clear();
    await pass(20_000);
    expect(state()).toMatchObject({ phase: 'asking', query: { id: 'q2' } });
    await answer();
    expect(state().phase).toBe('finished');
  });

  it('can be said otherwise before the rater goes on', async () => {
    const { comparer, standing, state } = openPage(2);
    await pass(10);
    comparer.say('left');
    comparer.say('right', 'alignment');
    expect(state()).toMatchObject({ said: { alignment: 'right' }, current: 'fidelity' });
    comparer.say('left');
    comparer.goOn();
    await pass(10);
    expect(standing()).toMatchObject([{ query: 'q0', alignment: 'right', fidelity: 'left' }]);
  });

  it('is not asked while the studio is down, and nothing is said to none', async () => {
    const { comparer, held, standing, state } = openPage(1);
    held.isUp = false;
    await pass(10);
    expect(state()).toMatchObject({ phase: 'failed', problem: { kind: 'failed' } });
    comparer.say('left');
    comparer.undo();
    comparer.goOn();
    held.isUp = true;
    comparer.retry();
    await pass(10);
    expect(state()).toMatchObject({ phase: 'asking', query: { id: 'q0' }, said: {}, problem: undefined });
    comparer.undo();
    expect(state()).toMatchObject({ query: { id: 'q0' }, said: {}, canUndo: false });
    expect(standing()).toEqual([]);
  });
});
