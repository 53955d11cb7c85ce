// Ids without a secure context.
import { expect, it } from 'vitest';
import { randomId } from './random-id.ts';

it('are version 4 UUIDs, made from random bytes alone', () => {
  const fill = (value: number) => ({
    getRandomValues: <T extends ArrayBufferView | null>(array: T) => {
      (array as unknown as Uint8Array).fill(value);
      return array;
    },
  });
  expect(randomId(fill(0xff))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
  expect(randomId(fill(0))).toBe('00000000-0000-4000-8000-000000000000');
  const ids = Array.from({ length: 200 }, () => randomId());
  expect(new Set(ids).size).toBe(200);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
