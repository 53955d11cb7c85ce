// A set of ids tells what was added from what was not, while its table grows.
import { expect, it } from 'vitest';
import { createIdSet } from './id-set.ts';

it('knows what was added, and nothing else', () => {
  const ids = createIdSet();
  const count = 20_000;
  for (let i = 0; i < count; i++) {
    expect(ids.has(`id ${i}`)).toBe(false);
    ids.add(`id ${i}`);
    expect(ids.has(`id ${i}`)).toBe(true);
  }
  expect(ids.size).toBe(count);
  for (let i = 0; i < count; i++) {
    if (!ids.has(`id ${i}`) || ids.has(`other ${i}`)) throw new Error(`${i} was forgotten or invented`);
  }
});

it('counts an id once', () => {
  const ids = createIdSet();
  for (const id of ['a', 'b', 'a', '', 'a']) ids.add(id);
  expect(ids.size).toBe(3);
  expect(['a', 'b', '', 'c'].map(ids.has)).toEqual([true, true, true, false]);
});
