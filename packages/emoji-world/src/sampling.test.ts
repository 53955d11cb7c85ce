import { createRandom } from '@heed/diffusion/autodiff';
import { expect, test } from 'vitest';
import { between, integerBetween, pick, pickWeighted } from './sampling.ts';

test('draws stay within their bounds and reach both ends', () => {
  const random = createRandom(1);
  const whole = Array.from({ length: 400 }, () => integerBetween(random, 2, 4));
  expect(new Set(whole)).toEqual(new Set([2, 3, 4]));
  const real = Array.from({ length: 400 }, () => between(random, -1, 1));
  expect(Math.min(...real)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...real)).toBeLessThan(1);
});

test('weights are frequencies and a zero weight never comes up', () => {
  const random = createRandom(2);
  const drawn = Array.from({ length: 4000 }, () => pickWeighted(random, { often: 3, seldom: 1, never: 0 }));
  expect(drawn.filter((key) => key === 'often').length / 4000).toBeCloseTo(0.75, 1);
  expect(drawn).not.toContain('never');
});

test('nothing to pick from is an error', () => {
  expect(() => pick(createRandom(3), [])).toThrow('at least one item');
  expect(() => pickWeighted(createRandom(3), { a: 0 })).toThrow('one above 0');
});
