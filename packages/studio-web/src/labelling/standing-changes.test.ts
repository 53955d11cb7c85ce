// Progress as the page counts it.
import { expect, it } from 'vitest';
import { standingChanges } from './standing-changes.ts';

it('counts what is under way as answered, and keeps what was known', () => {
  const completion = { code: 'C1' };
  const state = { medianSeconds: 4, completion };
  expect(standingChanges({ answered: 3, open: 2 }, { underWay: 1, state })).toMatchObject({
    answered: 4,
    open: 1,
    medianSeconds: 4,
    completion,
  });
  expect(standingChanges({ answered: 3, open: 0, medianSeconds: 5 }, { underWay: 2, state })).toMatchObject({
    answered: 5,
    open: 0,
    medianSeconds: 5,
  });
});
