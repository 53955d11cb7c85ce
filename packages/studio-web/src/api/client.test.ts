// Requests of raters' pages end by themselves.
import { expect, it } from 'vitest';
import { raterRequest } from './client.ts';

it('end where nothing answers them, each after its own time', async () => {
  const [first, later] = [raterRequest('ada', { withinMs: 5 }), raterRequest('ada')];
  expect(first.headers).toEqual({ 'Heed-Session': 'ada' });
  await expect.poll(() => first.init.signal.aborted).toBe(true);
  expect(later.init.signal.aborted).toBe(false);
});
