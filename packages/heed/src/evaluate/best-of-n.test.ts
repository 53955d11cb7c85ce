import { describe, expect, it } from 'vitest';
import { bestOf } from './best-of-n.ts';

describe('bestOf', () => {
  it('keeps the highest scores, best first', () => {
    expect(bestOf([0.1, 0.9, 0.5, 0.7], 2)).toEqual([1, 3]);
  });

  it('gives a tie to the earlier image', () => {
    expect(bestOf(Float32Array.from([0.5, 0.5, 0.5]), 2)).toEqual([0, 1]);
  });

  it('names both numbers when there are too few', () => {
    expect(() => bestOf([1], 4)).toThrow('cannot keep the best 4 of 1 images');
  });
});
