// Marks as changes of the state.
import { expect, it } from 'vitest';
import { createLabellerState, type LabellerState } from './labeller-state.ts';
import { clearMarks, isMarked, markAll, markOne } from './marking.ts';

const image = (name: string) => ({ name, url: name, width: 64, height: 64, isBroken: false });
const asking = (marks: LabellerState['marks'], { asksBest = false } = {}): LabellerState => ({
  ...createLabellerState().state.get(),
  phase: 'asking',
  query: { id: 'q', prompt: 'Two dogs.', images: ['a', 'b', 'c'].map(image), isPractice: false, asksBest },
  marks,
});

it('one image after another, in any order', () => {
  const state = asking([undefined, 'good', undefined]);
  expect(markOne(state, { index: 0, mark: 'bad' })).toMatchObject({ marks: ['bad', 'good', undefined], current: 2 });
  expect(markOne(state, { index: 2, mark: 'bad' })).toMatchObject({ marks: [undefined, 'good', 'bad'], current: 0 });
  expect(markOne(state, { index: 3, mark: 'bad' })).toBeUndefined();
  expect(markOne({ ...state, phase: 'explaining' }, { index: 0, mark: 'bad' })).toBeUndefined();
});

it('all images at once, and none again', () => {
  const state = asking([undefined, 'good', undefined]);
  const all = { ...state, ...markAll(state, 'bad') };
  expect([all.marks, isMarked(all)]).toEqual([['bad', 'bad', 'bad'], true]);
  expect(clearMarks(all)).toMatchObject({ marks: [undefined, undefined, undefined], current: 0 });
  expect(clearMarks(asking([undefined, undefined, undefined]))).toBeUndefined();
  expect([isMarked(state), isMarked(createLabellerState().state.get())]).toEqual([false, false]);
});

it('the best of several: one is good and the others bad, or none is better', () => {
  const state = asking([undefined, undefined, undefined], { asksBest: true });
  expect(markOne(state, { index: 1, mark: 'good' })).toEqual({
    marks: ['bad', 'good', 'bad'],
    current: 1,
    message: { kind: 'chosen', image: 2 },
  });
  expect(markOne(state, { index: 1, mark: 'bad' })).toBeUndefined();
  expect(markAll(state, 'good')).toEqual({ marks: ['good', 'good', 'good'], message: { kind: 'tied' } });
  expect(markAll(state, 'bad')).toBeUndefined();
});
