/**
 * A study of fifty raters over http on a LAN name: ten browsers and the API, tabs closed, the server restarted twice,
 * links revoked, three raters in one browser. Every acknowledged answer is there once; each rater who finished has the
 * code.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lastWords, openFeedbackLog, readRaters } from '../packages/heed/src/feedback/index.ts';
import type { Project } from '../packages/heed/src/project/project.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { hasBrowser, launchBrowser, newContext } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';
import { ask, judgeByApi, type StudyRater } from './study-client.ts';

const HOST = 'study.lan';
const API_RATERS = 38;
/** One browser has three raters, in a tab each. */
const BROWSERS = 10;
const QUERIES_EACH = 8;
/** Two restarts on a busy machine fit into it. */
const PATIENCE_MS = 120_000;
const COMMITTED = { waitUntil: 'commit', timeout: 30_000 } as const;
/** More looks at a page than any rater needs. */
const MAX_TURNS = 120;

let folder: string;
let project: Project;
let studio: StudioProcess;
let browser: Browser;
let port: number;
let owner: string;

const start = () => startStudioProcess(project.folder, ['--port', String(port), '--url', `http://${HOST}:${port}`]);
const address = () => ({ host: HOST, port });

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-study-'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: 60,
    overrides: [
      'label.ratersPerQuery=10',
      `label.queriesPerRater=${QUERIES_EACH}`,
      'label.minAnswerMs=0',
      'studio.waitMinutes=0.5',
    ],
  });
  port = await freePort();
  [studio, browser] = await Promise.all([start(), launchBrowser({ hosts: [HOST] })]);
  owner = await login();
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return free;
}

async function login(): Promise<string> {
  const { cookies } = await ask(address(), 'session/login', { body: { token: new URL(studio.link).hash.slice(1) } });
  return cookies[0]!;
}

async function invite(name: string, maxUses: number): Promise<{ id: string; link: string }> {
  const { body } = await ask(address(), 'invites', { body: { name, days: 1, maxUses }, cookie: owner });
  return body as unknown as { id: string; link: string };
}

/** A rater in a tab: joins, judges by keys, closes the tab half-way where asked to, and reads the code. */
async function judgeInBrowser(
  context: BrowserContext,
  options: {
    link: string;
    name: string;
    joinAfterMs: number;
    closesTab?: boolean;
    losesReply?: boolean;
    turnMs?: number;
  },
): Promise<StudyRater> {
  const { link, name, joinAfterMs, closesTab = false, losesReply = false, turnMs = 700 } = options;
  const rater: StudyRater = { name, acknowledged: new Set() };
  await sleep(joinAfterMs);
  let page = await openTab(context, rater);
  await visit(page, link);
  await page
    .getByRole('button', { name: /Start|I am somebody else/ })
    .first()
    .waitFor();
  const somebodyElse = page.getByRole('button', { name: 'I am somebody else' });
  if (await somebodyElse.isVisible()) await somebodyElse.click();
  await page.getByLabel('A name for you').fill(name);
  if (losesReply) await loseReplyOnce(page, '**/api/session/join');
  // As people do; the page asks again by itself where the studio is not there.
  await page.getByRole('button', { name: 'Start' }).dblclick();
  await page
    .locator('main.labelling')
    .waitFor({ timeout: PATIENCE_MS })
    .catch(async () => {
      throw new Error(`${name} does not get in at ${page.url()}: ${await page.locator('body').innerText()}`);
    });
  let hasClosed = !closesTab;
  for (let turns = 0; ; turns++) {
    if (turns > MAX_TURNS) throw new Error(`${name} does not end: ${await page.locator('body').innerText()}`);
    await page
      .locator('.image-card img, .completion-code, .notice')
      .first()
      .waitFor({ timeout: PATIENCE_MS })
      .catch(async () => {
        throw new Error(`${name} does not get on: ${await page.locator('body').innerText()}`);
      });
    if (await page.getByRole('heading', { name: 'Your invitation has ended' }).isVisible()) {
      return { ...rater, end: 'revoked' };
    }
    const code = page.locator('.completion-code');
    if (await code.isVisible()) return { ...rater, code: await code.innerText() };
    if (turns === 3 && !hasClosed) {
      hasClosed = true;
      await page.close();
      page = await openTab(context, rater);
      await visit(page, `http://${HOST}:${port}/label`);
      continue;
    }
    if (await page.locator('.image-card img').first().isVisible()) await page.keyboard.press('G');
    await page.waitForTimeout(turnMs);
  }
}

/** Opens the address as a person does, who loads an empty tab and the browser's own error page again. */
async function visit(page: Page, url: string): Promise<void> {
  const isThere = async () => {
    // The address alone would not load a page again that has it already.
    await (page.url().startsWith('http') ? page.reload(COMMITTED) : page.goto(url, COMMITTED));
    await page.locator('#root main:not(.page-loading)').first().waitFor({ timeout: 30_000 });
    return true;
  };
  while (!(await isThere().catch(() => false))) await page.waitForTimeout(500);
}

/** The studio does what the first such request asks, and its reply is lost on the way. */
async function loseReplyOnce(page: Page, url: string): Promise<void> {
  await page.route(
    url,
    async (route) => {
      await route.fetch().catch(() => {});
      await route.abort();
    },
    { times: 1 },
  );
}

/** A tab whose acknowledged answers are noted as they come. */
async function openTab(context: BrowserContext, rater: StudyRater): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on('response', (response) => {
    const call = response.request();
    if (call.method() !== 'POST' || !call.url().endsWith('/api/labelling/answers') || !response.ok()) return;
    rater.acknowledged.add((call.postDataJSON() as { id: string }).id);
  });
  return page;
}

it.runIf(hasBrowser)('keeps every acknowledged answer once, under its rater, and pays each who finished', async () => {
  const classLink = await invite('Class', 60);
  const [revokedApi, revokedBrowser] = [await invite('Gone by API', 1), await invite('Gone in a browser', 1)];
  // Forty and more in the first minute, all from one address; a stranger guesses meanwhile.
  const raters: Promise<StudyRater>[] = [];
  for (let i = 0; i < API_RATERS; i++) {
    const { link } = i === 0 ? revokedApi : classLink;
    // Whose link is revoked must not be done before.
    const pauseMs = () => (i === 0 ? 4000 : 400 + 1200 * Math.random());
    raters.push(judgeByApi(address(), { link, name: `API ${i}`, joinAfterMs: 800 * i, pauseMs }));
  }
  const contexts: BrowserContext[] = [];
  for (let i = 0; i < BROWSERS; i++) {
    const context = await newContext(browser);
    contexts.push(context);
    const { link } = i === 1 ? revokedBrowser : classLink;
    for (const tab of i === 0 ? ['a', 'b', 'c'] : ['']) {
      const joinAfterMs = 1500 * i + (tab === 'b' ? 4000 : tab === 'c' ? 8000 : 0);
      raters.push(
        judgeInBrowser(context, {
          link,
          name: `Browser ${i}${tab}`,
          joinAfterMs,
          closesTab: i % 3 === 2,
          losesReply: i % 3 === 0,
          turnMs: i === 1 ? 3000 : 700,
        }),
      );
    }
  }
  const guesses = (async () => {
    for (let i = 0; i < 20; i++) {
      await ask(address(), 'session/join', { body: { token: `guess${i}.wrong`, name: 'Eve' } });
      await sleep(1000);
    }
  })();

  await sleep(14_000);
  expect(await studio.stop()).toBe(0);
  studio = await start();
  owner = await login();
  for (const { id } of [revokedApi, revokedBrowser]) {
    expect((await ask(address(), `invites/${id}/revoke`, { body: {}, cookie: owner })).status).toBe(200);
  }
  await sleep(12_000);
  studio.child.kill('SIGKILL');
  await sleep(1500);
  studio = await start();

  const [all] = await Promise.all([Promise.all(raters), guesses]);
  // What pages still have under way when the last code is shown.
  await Promise.all(contexts.map((context) => context.close()));

  const code = (await ask(address(), 'invites', { cookie: await login() })).body.completion as { code: string };
  const revoked = all.filter(({ end }) => end !== undefined);
  expect(revoked.map(({ name, end }) => `${name}: ${end}`).toSorted()).toEqual([
    'API 0: revoked',
    'Browser 1: revoked',
  ]);
  const finished = all.filter(({ end }) => end === undefined);
  expect(finished).toHaveLength(API_RATERS + BROWSERS + 2 - 2);
  expect(new Set(finished.map((rater) => rater.code))).toEqual(new Set([code.code]));

  const log = await openFeedbackLog(project.paths.feedback).read();
  const records = [...readRaters(project).values()];
  const idOf = (name: string) => records.filter((record) => record.name === name).map(({ id }) => id);
  for (const { name, acknowledged } of all) {
    const ids = idOf(name);
    expect([name, ids.length]).toEqual([name, 1]);
    for (const answer of acknowledged) {
      const events = log.filter((event) => event.answer === answer);
      expect([name, events.length, ...new Set(events.map(({ rater }) => rater))]).toEqual([name, 3, ids[0]]);
    }
  }
  // Nothing twice: one answer of a rater to a query stands, and each finished rater has as many as they were asked.
  const standing = lastWords(log);
  const places = standing.map(({ rater, image }) => `${rater} ${image}`);
  expect(new Set(places).size).toBe(places.length);
  for (const { name } of finished) {
    // Those that measure the rater count as well: a query that is asked twice has two answers.
    const own = new Set(log.filter(({ rater }) => rater === idOf(name)[0]).map(({ answer }) => answer));
    expect([name, own.size]).toEqual([name, QUERIES_EACH]);
  }
  expect(all.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0)).toBeGreaterThanOrEqual(
    finished.length * QUERIES_EACH,
  );
});
