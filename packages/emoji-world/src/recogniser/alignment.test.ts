import { expect, test } from 'vitest';
import { alignmentOf, probabilitiesAsked } from './alignment.ts';
import { recognitionFor } from './recognition-for.ts';

test('only what was asked is judged', () => {
  const seen = recognitionFor({ object: 'dog', colour: 'red', count: 2, background: 'moon' });
  expect(alignmentOf(seen, { object: 'dog' })).toEqual({ correct: true, perAttribute: { object: true } });
  expect(alignmentOf(seen, { object: 'dog', count: 3 })).toEqual({
    correct: false,
    perAttribute: { object: true, count: false },
  });
  expect(alignmentOf(seen, { object: 'dog', colour: 'red', count: 2, background: 'moon' }).correct).toBe(true);
  expect(alignmentOf(seen, { object: 'cat', colour: 'red' }).perAttribute).toEqual({ object: false, colour: true });
});

test('natural colours and a plain ground are nothing that can be asked for', () => {
  const seen = recognitionFor({ object: 'dog', count: 1 });
  expect(alignmentOf(seen, { object: 'dog', colour: 'brown' }).perAttribute.colour).toBe(false);
  expect(alignmentOf(seen, { object: 'dog', background: 'sea' }).perAttribute.background).toBe(false);
});

test('probabilities are those of the classes asked for', () => {
  const seen = recognitionFor({ object: 'dog', count: 2 }, 0.8);
  const asked = probabilitiesAsked(seen, { object: 'dog', count: 3 });
  expect(asked.object).toBeCloseTo(0.8);
  expect(asked.count).toBeCloseTo(0.2 / 5);
  expect(asked.colour).toBeUndefined();
});
