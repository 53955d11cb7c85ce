// The guard slows one person's flood of changes, and no other person.
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import { checkFlood, type StudioEnv } from './guard.ts';

it('lets a rater have so many changes under way and asks for patience with more', async () => {
  const gates: (() => void)[] = [];
  const app = new Hono<StudioEnv>();
  app.use(async (c, next) => {
    const rater = c.req.header('rater');
    c.set('identity', rater === undefined ? undefined : { role: 'rater', rater, purpose: 'both' });
    await next();
  });
  app.use(checkFlood({ maxAtOnce: 2 }));
  app.all('/', async (c) => {
    if (c.req.method === 'POST') await new Promise<void>((resolve) => gates.push(resolve));
    return c.text('done');
  });
  const send = (method: string, rater?: string) =>
    app.request('/', { method, headers: rater === undefined ? {} : { rater } });

  const first = [send('POST', 'ada'), send('POST', 'ada')];
  await expect.poll(() => gates.length).toBe(2);
  const refused = await send('POST', 'ada');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await send('GET', 'ada')).status).toBe(200);
  const others = [send('POST', 'ben'), send('POST'), send('POST'), send('POST')];
  await expect.poll(() => gates.length).toBe(6);
  for (const open of gates.splice(0)) open();
  for (const response of await Promise.all([...first, ...others])) expect(response.status).toBe(200);
  const again = send('POST', 'ada');
  await expect.poll(() => gates.length).toBe(1);
  gates[0]!();
  expect((await again).status).toBe(200);
});
