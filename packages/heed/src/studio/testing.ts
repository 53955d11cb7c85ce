/**
 * Opens a studio for tests without a network: requests are passed to the HTTP app as a browser would send them. For
 * tests alone.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Project } from '../project/project.ts';
import { createAttemptLimit } from './auth/attempt-limit.ts';
import { OWNER_RATER } from './auth/sessions.ts';
import { openJobQueue } from './jobs/queue.ts';
import type { StaticPages } from './pages/static-pages.ts';
import { createApp } from './routes/app.ts';
import { databaseFolder, openDatabase } from './storage/database.ts';
import { openStudio, type Studio } from './studio.ts';

export const TEST_ORIGIN = 'http://127.0.0.1:4180';
const COOKIE_NAME = 'heed-4180';

export interface TestRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestStudio {
  readonly studio: Studio;
  readonly app: ReturnType<typeof createApp>;
  /** Session tokens. */
  readonly owner: string;
  /** Starts a session for the rater with that id; returns the session's token. */
  rater(id: string): Promise<string>;
  request(path: string, options?: TestRequest): Promise<Response>;
  /** Sends a POST request and returns the body of the 2xx response. */
  post<T>(path: string, body: unknown, token: string): Promise<T>;
  close(): Promise<void>;
}

const page = { bytes: new TextEncoder().encode('<!doctype html>'), type: 'text/html; charset=utf-8' };
const TEST_PAGES: StaticPages = { document: page, files: new Map([['/assets/a.js', page]]), inlineScripts: [] };

/**
 * Opens the studio. `secret` is the project's secret key as 64 hex digits, by default random. Tests of the asking plan
 * set this key, because the plan depends on the key.
 */
export async function openTestStudio(
  project: Project,
  options: { attempts?: number; secret?: string } = {},
): Promise<TestStudio> {
  await useEmptyDatabase(project);
  if (options.secret) {
    await mkdir(databaseFolder(project), { recursive: true });
    await writeFile(join(databaseFolder(project), 'secret'), options.secret, { mode: 0o600 });
  }
  const studio = await openStudio(project);
  const errors: unknown[] = [];
  const app = createApp(studio, {
    origins: [TEST_ORIGIN],
    pages: TEST_PAGES,
    onError: (error) => errors.push(error),
    // Its clock stands still: a slow machine must not forgive attempts in the middle of a test.
    attempts: createAttemptLimit({ attempts: options.attempts ?? 10, nowMs: () => 0 }),
  });
  const request = async (path: string, { method = 'GET', body, token, headers = {} }: TestRequest = {}) =>
    app.request(`${TEST_ORIGIN}${path}`, {
      method,
      headers: {
        ...(method === 'GET' ? {} : { Origin: TEST_ORIGIN }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === undefined ? {} : { Cookie: `${COOKIE_NAME}=${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    studio,
    app,
    owner: await studio.sessions.start({ role: 'owner', rater: OWNER_RATER }),
    rater: (id) => studio.sessions.start({ role: 'rater', rater: id }),
    request,
    async post(path, body, token) {
      const response = await request(path, { method: 'POST', body, token });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path}: ${response.status} ${text} ${errors.map(String).join()}`);
      return JSON.parse(text);
    },
    close: () => studio.close(),
  };
}

/** Gives a new project a copy of an empty database, because copying one is faster than creating one. */
async function useEmptyDatabase(project: Project): Promise<void> {
  const folder = databaseFolder(project);
  if (existsSync(folder) || process.env.DATABASE_URL) return;
  // In the folder of the test run (tests/temporary-folder.ts), for all its files.
  const empty = join(tmpdir(), 'empty-database');
  if (!existsSync(empty)) await makeEmptyDatabase(empty);
  await cp(empty, folder, { recursive: true });
}

async function makeEmptyDatabase(folder: string): Promise<void> {
  const making = await mkdtemp(`${folder}-`);
  const database = await openDatabase(making, { url: '' });
  await (await openJobQueue(database)).close();
  await database.close();
  // Another file's tests may have been faster: theirs is as good.
  await rename(making, folder).catch(async (error) => {
    if (!existsSync(folder)) throw error;
    await rm(making, { recursive: true });
  });
}
