// How answering changes the state of the comparing page, step by step.
import { describe, expect, it } from 'vitest';
import {
  type ComparerState,
  counting,
  FIRST_STATE,
  forgettingLast,
  type ShownComparison,
  saying,
  shown,
  wholeAnswer,
} from './comparer-state.ts';

const query: ShownComparison = { id: 'q', prompt: 'A dog.', left: [], right: [] };
function after(...changes: ((state: ComparerState) => Partial<ComparerState>)[]): ComparerState {
  let state = FIRST_STATE;
  for (const change of changes) state = { ...state, ...change(state) };
  return state;
}
const show = (state: ComparerState) => shown(state, query);
const say = (question: 'alignment' | 'fidelity', preference: 'left' | 'tie' | 'right') => (state: ComparerState) =>
  saying(state, { question, preference });

describe('the state of a comparison', () => {
  it('asks the first question first, in whatever order they are answered', () => {
    expect(after(show).current).toBe('alignment');
    expect(after(show, say('alignment', 'left')).current).toBe('fidelity');
    expect(after(show, say('fidelity', 'tie')).current).toBe('alignment');
    const both = after(show, say('fidelity', 'tie'), say('alignment', 'right'));
    expect(wholeAnswer(both)).toEqual({ alignment: 'right', fidelity: 'tie' });
    // A rater who changes a whole answer stays at the question.
    expect(after(() => both, say('alignment', 'left')).current).toBe(both.current);
  });

  it('is no answer until both questions are answered', () => {
    expect(wholeAnswer(after(show))).toBeUndefined();
    expect(wholeAnswer(after(show, say('alignment', 'left')))).toBeUndefined();
  });

  it('takes back the last question; undo stays possible where an earlier answer is there', () => {
    const both = after(show, say('alignment', 'left'), say('fidelity', 'right'));
    const once = { ...both, ...forgettingLast(both, { hasPast: false })! };
    expect(once).toMatchObject({ said: { alignment: 'left' }, current: 'fidelity', canUndo: true });
    const twice = { ...once, ...forgettingLast(once, { hasPast: false })! };
    expect(twice).toMatchObject({ said: {}, current: 'alignment', canUndo: false });
    expect(forgettingLast(once, { hasPast: true })!.canUndo).toBe(true);
    expect(forgettingLast(twice, { hasPast: true })).toBeUndefined();
  });

  it('forgets a failure with the next query, and not a refused answer', () => {
    const failed = after(() => ({ phase: 'failed', problem: { kind: 'failed', reason: 'no net' } }), show);
    expect(failed).toMatchObject({ phase: 'asking', problem: undefined });
    const refused = after(() => ({ problem: { kind: 'answerRefused', reason: 'answered' } }), show);
    expect(refused.problem).toMatchObject({ kind: 'answerRefused' });
  });

  it('counts answers up and down, and never below none open', () => {
    expect(counting({ ...FIRST_STATE, answered: 2, open: 0 }, 1)).toEqual({ answered: 3, open: 0 });
    expect(counting({ ...FIRST_STATE, answered: 3, open: 1 }, -1)).toEqual({ answered: 2, open: 2 });
  });
});
