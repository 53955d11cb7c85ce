// What attackers try, generated from the table of routes: changes asked for by other sites, keys that no schema knows,
// sessions that were planted, guessed invitations.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import { createAttemptLimit } from './attempt-limit.ts';
import { ROUTE_POLICIES } from './policies.ts';

let folder: string;
let test: TestStudio;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-security-'));
  test = await openTestStudio(await makeDrawnProject(join(folder, 'p'), { prompts: 2 }), { attempts: 12 });
});

afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const routes = Object.keys(ROUTE_POLICIES).map((route) => {
  const [method, pattern] = route.split(' ') as [string, string];
  return { route, method, path: pattern.replace('/*', '/').replaceAll(/:\w+/g, 'none') };
});
const changing = routes.filter(({ method }) => method !== 'GET');
const errorOf = async (response: Response) => ((await response.json().catch(() => ({}))) as { error?: string }).error;

/** Everything that a change could have changed: the project's own files and the rows of all tables. */
async function fingerprint(): Promise<string> {
  const { project, database } = test.studio;
  const files = (await readdir(project.folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('.heed'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const contents = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  const tables = ['queries', 'answers', 'leases', 'invites', 'sessions', 'gold', 'progress'];
  const counts = [];
  for (const table of tables) {
    const { rows } = await database.db.execute(sql.raw(`select count(*)::int as n from ${table}`));
    counts.push(`${table} ${JSON.stringify(rows)}`);
  }
  return JSON.stringify([files, contents, counts]);
}

describe('pages of other sites', () => {
  it('cannot change anything by any route, with the session of the owner', async () => {
    const before = await fingerprint();
    for (const { route, method, path } of changing) {
      for (const headers of [
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Content-Type': 'text/plain', Origin: 'https://evil.example' },
      ] as Record<string, string>[]) {
        const response = await test.request(path, { method, token: test.owner, body: {}, headers });
        expect([route, headers, response.status]).toEqual([route, headers, 403]);
      }
    }
    expect(await fingerprint()).toBe(before);
  });

  it('cannot change anything by reading, either', async () => {
    const before = await fingerprint();
    for (const { method, path } of routes) {
      if (method !== 'GET') continue;
      const response = await test.request(path, { token: test.owner, headers: { Origin: 'https://evil.example' } });
      await response.body?.cancel();
    }
    expect(await fingerprint()).toBe(before);
  });
});

/** A body that the schema of each route takes. */
const BODIES: Readonly<Record<string, object>> = {
  'POST /api/session/login': { token: 'x' },
  'POST /api/session/invite': { token: 'x' },
  'POST /api/session/join': { token: 'x', name: 'x' },
  'POST /api/labelling/lease': { count: 1 },
  'POST /api/labelling/shown': { query: 'none' },
  'POST /api/labelling/answers': { id: crypto.randomUUID(), query: 'none', labels: null },
  'POST /api/comparing/lease': { count: 1 },
  'POST /api/comparing/answers': { id: crypto.randomUUID(), query: 'none', alignment: 'tie', fidelity: 'tie' },
  'POST /api/comparisons': { models: ['a', 'b'] },
  'POST /api/invites': { name: 'x', days: 1, maxUses: 1 },
  'POST /api/data/uploads/:id/import': { what: 'feedback' },
};

/** Those would start a command. */
const ONLY_REFUSED: Readonly<Record<string, object>> = { 'POST /api/jobs': { kind: 'report' } };

describe('bodies', () => {
  it('with keys that nobody asked for are refused by every route that reads one', async () => {
    for (const { route, method, path } of changing) {
      const post = (content: object) => test.request(path, { method, token: test.owner, body: content });
      if (BODIES[route] !== undefined) {
        const taken = await post(BODIES[route]);
        expect([route, taken.status]).not.toEqual([route, 400]);
      }
      const body = BODIES[route] ?? ONLY_REFUSED[route];
      if (body === undefined) continue;
      for (const extra of [{ role: 'owner' }, { isAdmin: true }, { identity: { role: 'owner' } }, { userId: 1 }]) {
        const refused = await post({ ...body, ...extra });
        const sentence = await errorOf(refused);
        expect([route, extra, refused.status, sentence]).toEqual([
          route,
          extra,
          400,
          expect.stringMatching(/unrecognized key/i),
        ]);
      }
    }
  });

  it('and filters: a column that is none of theirs is refused', async () => {
    for (const query of ['role=owner', 'user.password=x', '__proto__=x', 'set[$ne]=x', 'tokenHash=a']) {
      const response = await test.request(`/api/images?${query}`, { token: test.owner });
      expect([query, response.status]).toEqual([query, 400]);
    }
  });

  it('that are too large or too deep are refused before they are read', async () => {
    const post = (body: string) => test.request('/api/labelling/lease', { method: 'POST', token: test.owner, body });
    expect((await post(`{"count":1,"x":"${'x'.repeat(70_000)}"}`)).status).toBe(413);
    expect((await post('['.repeat(60_000))).status).toBe(400);
    expect((await post(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)).status).toBe(400);
    expect((await post('{"count":1e400}')).status).toBe(400);
    expect((await post('{"__proto__":{"count":1}}')).status).toBe(400);
  });

  it('never carry a NUL to the tables, where it would undo the answers of others', async () => {
    const id = crypto.randomUUID();
    const bodies = [
      ['/api/labelling/answers', { id, query: '\0', labels: null }],
      ['/api/labelling/answers', { id, query: 'x', labels: null, reason: 'a\0b' }],
      ['/api/invites', { name: 'a\0b', days: 1, maxUses: 1 }],
    ] as const;
    for (const [path, body] of bodies) {
      const response = await test.request(path, { method: 'POST', token: test.owner, body });
      expect(await errorOf(response)).toMatch(/expected no control characters, got U\+0000/);
      expect(response.status).toBe(400);
    }
  });
});

describe('sessions', () => {
  const invite = async (uses = 5) =>
    test.studio.invites.tokenOf(await test.studio.invites.make({ name: 'x', days: 1, maxUses: uses }));
  const join = (token: string, cookie?: string) =>
    test.request('/api/session/join', { method: 'POST', body: { token, name: 'Eve' }, token: cookie });
  const standing = (token: string) => test.request('/api/labelling/standing', { token });

  it('are never those that somebody planted', async () => {
    const planted = 'b'.repeat(43);
    const joined = await join(await invite(), planted);
    expect(joined.status).toBe(200);
    // The plain one, and the rater's own.
    const [cookie, own] = joined.headers.getSetCookie() as [string, string];
    expect(own).toMatch(/^heed-4180-[\w-]{22}=[\w-]{43}; .*HttpOnly; SameSite=Strict$/);
    expect(own).not.toContain(planted);
    expect(cookie).toMatch(/^heed-4180=[\w-]{43}; .*HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(planted);
    expect((await standing(planted)).status).toBe(401);
  });

  it('end with the invitation that they came by', async () => {
    const token = await invite();
    const joined = await join(token);
    const own = /=([\w-]{43});/.exec(joined.headers.getSetCookie()[0]!)![1]!;
    expect((await standing(own)).status).toBe(200);
    await test.post(`/api/invites/${token.split('.')[0]}/revoke`, {}, test.owner);
    expect((await standing(own)).status).toBe(401);
    expect((await join(token)).status).toBe(401);
  });

  it('cannot be had by guessing invitations', async () => {
    const token = await invite();
    // 128 bits of name and as many of signature; one changed letter is no invitation.
    expect(token).toMatch(/^[\w-]{22}\.[\w-]{22}$/);
    const [name, signature] = token.split('.') as [string, string];
    const other = signature.startsWith('A') ? 'B' : 'A';
    expect(test.studio.invites.read(`${name}.${other}${signature.slice(1)}`)).toBeUndefined();
    const statuses: number[] = [];
    for (let i = 0; i < 200; i++) {
      const guess = `${'A'.repeat(20)}${String(i).padStart(2, '0')}.${'B'.repeat(22)}`;
      statuses.push((await join(guess)).status);
    }
    const held = statuses.indexOf(429);
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThanOrEqual(12);
    expect(statuses.slice(held).every((status) => status === 429)).toBe(true);
    // A person with the right link gets in from the address that guessed.
    expect((await join(token)).status).toBe(200);
    expect(Number((await join('again.wrong')).headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('10,000 guesses from 50 addresses come to 500 tries a minute', () => {
    const limit = createAttemptLimit({ nowMs: () => 0 });
    const tried = Array.from({ length: 10_000 }, (_, i) => limit.fail([`10.0.0.${i % 50}`]));
    expect(tried.filter((wait) => wait === undefined)).toHaveLength(500);
  });
});
