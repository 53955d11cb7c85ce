import { expect, test } from 'vitest';
import { BACKGROUNDS, backgroundWord, COLOURS, COUNTS, OBJECTS, objectWord } from './vocabulary.ts';

test('the world has the numbers of words the paper reports', () => {
  expect([OBJECTS.length, COLOURS.length, COUNTS.length, BACKGROUNDS.length]).toEqual([25, 9, 6, 8]);
  expect(new Set(OBJECTS.map((o) => o.name)).size).toBe(25);
});

test('exactly the five evaluation objects are unseen', () => {
  expect(OBJECTS.filter((o) => !o.seen).map((o) => o.name)).toEqual(['bear', 'tiger', 'rabbit', 'rose', 'wolf']);
});

test('a word outside the world is refused by name', () => {
  expect(objectWord('wolf').plural).toBe('wolves');
  expect(() => objectWord('unicorn')).toThrow(/one of dog, cat.*not 'unicorn'/);
  expect(() => backgroundWord('mars')).toThrow(/one of forest.*not 'mars'/);
});
