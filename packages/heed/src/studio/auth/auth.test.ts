// Who gets in and where: every route against every identity, and what pages of other sites could try.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, TEST_ORIGIN, type TestStudio } from '../testing.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import { IDENTITIES, type IdentityKind, POLICIES, ROUTE_POLICIES } from './policies.ts';
import { loadSecret } from './secret.ts';

let folder: string;
let test: TestStudio;
let tokens: Record<IdentityKind, string | undefined>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-auth-'));
  test = await openTestStudio(await makeDrawnProject(join(folder, 'p'), { prompts: 3 }), { attempts: 1000 });
  tokens = { anonymous: undefined, rater: await test.rater('r'), owner: test.owner };
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const routes = () => [
  ...new Set(test.app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`)),
];

describe('routes', () => {
  it('each have a policy, and each policy has a route', () => {
    expect(routes().sort()).toEqual(Object.keys(ROUTE_POLICIES).sort());
  });

  it('let through whom the table says, and nobody else', async () => {
    for (const route of routes()) {
      // Ends the session that the other tests need.
      if (route === 'POST /api/session/logout') continue;
      const [method, pattern] = route.split(' ') as [string, string];
      const path = pattern.replace('/*', '/').replaceAll(/:\w+/g, 'none');
      const allowed: readonly IdentityKind[] = POLICIES[ROUTE_POLICIES[route]!];
      for (const identity of IDENTITIES) {
        const response = await test.request(path, { method, token: tokens[identity] });
        const { error } = (await response.json().catch(() => ({}))) as { error?: string };
        const verdict =
          error === 'log in first' ? 'login' : error === 'there is nothing here' ? 'absent' : 'let through';
        const expected = allowed.includes(identity) ? 'let through' : identity === 'anonymous' ? 'login' : 'absent';
        expect([route, identity, verdict]).toEqual([route, identity, expected]);
        if (expected === 'login') expect(response.status).toBe(401);
        if (expected === 'absent') expect(response.status).toBe(404);
      }
    }
  });

  it('that do not exist answer 404 to everybody', async () => {
    for (const token of Object.values(tokens)) {
      for (const path of ['/api/none', '/api', '/assets/../heed.toml', '/assets/none.js', '/.heed/studio/secret']) {
        expect([path, (await test.request(path, { token })).status]).toEqual([path, 404]);
      }
      expect((await test.request('/api/session', { method: 'PUT', token, body: {} })).status).toBe(404);
    }
  });

  it('change something only for pages of this server', async () => {
    const post = (headers: Record<string, string>) =>
      test.request('/api/labelling/release', { method: 'POST', token: test.owner, body: {}, headers });
    expect((await post({})).status).toBe(200);
    for (const headers of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: `${TEST_ORIGIN}.evil.example` },
      { Origin: 'http://127.0.0.1:4181' },
      { Origin: '' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
    ]) {
      expect([headers, (await post(headers as Record<string, string>)).status]).toEqual([headers, 403]);
    }
  });

  it('answer under their own name alone', async () => {
    for (const host of ['evil.example:4180', '127.0.0.1:4181', 'localhost.evil.example']) {
      expect((await test.request('/api/session', { headers: { Host: host } })).status).toBe(421);
    }
  });

  it('send headers that keep pages to themselves, on errors too', async () => {
    for (const path of ['/', '/api/session', '/api/none', '/api/labelling/standing']) {
      const { headers } = await test.request(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/);
      expect(headers.get('content-security-policy')).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toMatch(/no-store|no-cache/);
    }
  });
});

describe('login', () => {
  const login = (token: string, cookie?: string) =>
    test.request('/api/session/login', { method: 'POST', body: { token }, token: cookie });
  const cookieOf = (response: Response) => response.headers.getSetCookie()[0] ?? '';

  it('works once for a link, and gives a new session each time', async () => {
    const link = test.studio.loginLinks.issue();
    const first = await login(link);
    expect(first.status).toBe(200);
    expect(cookieOf(first)).toMatch(/^heed-4180=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
    expect((await login(link)).status).toBe(401);

    const planted = 'a'.repeat(43);
    const second = await login(test.studio.loginLinks.issue(), planted);
    expect(cookieOf(second)).not.toContain(planted);
    expect((await test.request('/api/labelling/standing', { token: planted })).status).toBe(401);
  });

  it('ends with logout, on the server', async () => {
    const token = await test.rater('leaving');
    expect((await test.request('/api/labelling/standing', { token })).status).toBe(200);
    await test.post('/api/session/logout', {}, token);
    expect((await test.request('/api/labelling/standing', { token })).status).toBe(401);
  });

  it('is over with its time', async () => {
    const token = await test.rater('old');
    const { sql } = await import('drizzle-orm');
    await test.studio.database.db.execute(
      sql`update sessions set expires_at = now() - interval '1 second' where rater = 'old'`,
    );
    expect((await test.request('/api/labelling/standing', { token })).status).toBe(401);
  });

  it('fails ten times a minute from one address, then must wait; the right link is let in all the same', async () => {
    let nowMs = 0;
    const limit = createAttemptLimit({ nowMs: () => nowMs });
    const tries = () => Array.from({ length: 12 }, () => limit.fail(['a']));
    expect(tries()).toEqual([...Array(10).fill(undefined), 60, 60]);
    expect(limit.fail(['b'])).toBeUndefined();
    // One of its keys has failed too often.
    expect(limit.fail(['c', 'a'])).toBe(60);
    nowMs = 60_001;
    expect(limit.fail(['a'])).toBeUndefined();

    const strict = await openTestStudio(await makeDrawnProject(join(folder, 'strict'), { prompts: 1 }));
    const tryLogin = (guess: string) =>
      strict.request('/api/session/login', { method: 'POST', body: { token: guess } });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const response = await tryLogin(`guess ${i}`);
      statuses.push(response.status);
      if (i === 11) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual([...Array(10).fill(401), 429, 429]);
    // A stranger's guesses do not lock the owner out.
    expect((await tryLogin(strict.studio.loginLinks.issue())).status).toBe(200);
    await strict.close();
  });
});

describe('the secret', () => {
  it('is made once, by chance, for its owner alone to read', async () => {
    const [one, two] = await Promise.all([loadSecret(join(folder, 's')), loadSecret(join(folder, 's'))]);
    const tag = one.tag('x', 'text');
    expect(two.tag('x', 'text')).toBe(tag);
    expect((await loadSecret(join(folder, 's'))).verify('x', 'text', tag)).toBe(true);
    expect((await loadSecret(join(folder, 't'))).verify('x', 'text', tag)).toBe(false);
    expect(one.verify('y', 'text', tag)).toBe(false);
    if (process.platform !== 'win32') expect((await stat(join(folder, 's/secret'))).mode & 0o777).toBe(0o600);
  });
});
