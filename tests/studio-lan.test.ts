// Pages over plain http on a name of the local network: no secure context, several raters and tabs in one browser.
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FeedbackEvent, lastWords, openFeedbackLog, readRaters } from '../packages/heed/src/feedback/index.ts';
import { openProject, type Project } from '../packages/heed/src/project/project.ts';

import { selectPrompts } from '../packages/heed/src/prompts/select.ts';
import { readComparisonEvents } from '../packages/heed/src/studio/comparing/comparison-log.ts';
import { addDrawnImages, makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import {
  addPage,
  barriersOf,
  elementsTooWide,
  hasBrowser,
  launchBrowser,
  linkOf,
  newContext,
  openPage,
} from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const HOST = 'label.lan';
let folder: string;
let project: Project;
let port: number;
let studio: StudioProcess;
let browser: Browser;
let owner: Page;
let ownerErrors: string[];

const start = () => startStudioProcess(project.folder, ['--port', String(port), '--url', `http://${HOST}:${port}`]);

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-lan-'));
  await makeDrawnProject(join(folder, 'p'), {
    prompts: 40,
    overrides: ['label.ratersPerQuery=9', 'label.minAnswerMs=0', 'studio.comparisonRaters=3'],
  });
  project = await openProject(join(folder, 'p'));
  for (const model of ['base', 'tuned-0001']) {
    await addDrawnImages(project, {
      prompts: selectPrompts(paperTrainingPrompts(), 3),
      set: 'eval',
      model,
      imagesPerPrompt: 2,
    });
  }
  port = await freePort();
  [studio, browser] = await Promise.all([start(), launchBrowser({ hosts: [HOST] })]);
  ({ page: owner, errors: ownerErrors } = await openPage(browser));
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

const events = async (): Promise<FeedbackEvent[]> => openFeedbackLog(project.paths.feedback).read();
/** Answers that stand, by the rater's name. */
const answersOf = async (name: string) => {
  const raters = readRaters(project);
  const own = lastWords(await events()).filter(({ rater }) => raters.get(rater)?.name === name);
  return new Set(own.map(({ query }) => query)).size;
};
const answered = (page: Page) => page.locator('.progress-line b').innerText();
const invite = async (name: string, people: number, purpose = 'both') => {
  await linkOf(owner, 'Raters').click();
  await owner.getByLabel('For whom').fill(name);
  await owner.getByLabel('For what').selectOption(purpose);
  await owner.getByLabel('People').fill(String(people));
  await owner.getByRole('button', { name: 'Make a link' }).click();
  return owner.getByLabel(`Link for ${name}`, { exact: true }).inputValue();
};
const come = async (page: Page, link: string, name: string) => {
  await page.goto(link);
  const somebodyElse = page.getByRole('button', { name: 'I am somebody else' });
  await page
    .getByRole('button', { name: /Start|somebody else/ })
    .first()
    .waitFor();
  if (await somebodyElse.isVisible()) await somebodyElse.click();
  await page.getByLabel('A name for you').fill(name);
  await page.getByRole('button', { name: 'Start' }).click();
  await page.locator('.image-card img').first().waitFor();
};
const judge = async (page: Page, count: number) => {
  for (let i = 0; i < count; i++) {
    const before = await answered(page);
    await page.locator('.image-card img').first().waitFor();
    await page.keyboard.press('G');
    await expect.poll(() => answered(page), { timeout: 60_000 }).not.toBe(before);
  }
};

it.runIf(hasBrowser)('have no secure context, and label, compare, copy and show codes all the same', async () => {
  await owner.goto(studio.link);
  await owner.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(await owner.evaluate('isSecureContext')).toBe(false);
  expect(await owner.evaluate('typeof crypto.randomUUID')).toBe('undefined');
  await linkOf(owner, 'Results').click();
  await owner.getByRole('button', { name: 'Start a comparison' }).click();
  await owner.getByRole('heading', { name: 'tuned-0001 and base' }).waitFor();
  const link = await invite('The lab', 9);
  await owner.getByRole('button', { name: 'Copy Link for The lab' }).click();
  await owner.getByText('Copied.').waitFor();
  await owner.getByRole('button', { name: 'QR code of the link for The lab' }).click();
  await owner.getByRole('img', { name: 'QR code of the link for The lab' }).waitFor();
  expect(await barriersOf(owner)).toEqual([]);
  await owner.keyboard.press('Escape');

  const { page, errors } = await openPage(browser);
  await come(page, link, 'Ada');
  await judge(page, 3);
  await expect.poll(() => answersOf('Ada')).toBe(3);
  await page.getByRole('link', { name: 'Compare' }).click();
  await page.locator('.side img').first().waitFor();
  for (const key of ['ArrowLeft', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  await expect.poll(() => readComparisonEvents(project).filter(({ event }) => event === 'answered').length).toBe(1);
  expect(errors).toEqual([]);
  for (const name of ['Label', 'Images', 'Rewards', 'Training', 'Data', 'Overview']) {
    await linkOf(owner, name).click();
    await owner.getByRole('main').waitFor();
  }
  expect(ownerErrors).toEqual([]);
  await page.context().close();
});

it.runIf(hasBrowser)('say so where a script fails', async () => {
  const { page, errors } = await openPage(browser);
  await come(page, await invite('Scripts', 1), 'Sam');
  await page.evaluate('crypto.getRandomValues = () => { throw new Error("no chance") }');
  await page.keyboard.press('G');
  await page.getByText('Something in this page went wrong').waitFor();
  expect(await answersOf('Sam')).toBe(0);
  await page.evaluate('delete crypto.getRandomValues');
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Reload the page' }).click();
  await page.locator('.image-card img').first().waitFor();
  await judge(page, 1);
  await expect.poll(() => answersOf('Sam')).toBe(1);
  expect(errors.join()).toContain('no chance');
  await page.context().close();
});

it.runIf(hasBrowser)('load again by themselves where their scripts or styles did not arrive', async () => {
  const link = await invite('Parts', 2);
  for (const part of ['js', 'css']) {
    const { page, errors } = await openPage(browser);
    let isDown = true;
    await page.route(`**/assets/*.${part}`, (route) => (isDown ? route.abort() : route.continue()));
    await page.goto(link);
    if (part === 'js') {
      await page.getByText('The studio does not answer. The page is loaded again').waitFor();
      await page.getByText('Der Server antwortet nicht.').waitFor();
      expect(await barriersOf(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize({ width: 390, height: 844 });
      expect([await barriersOf(page), await elementsTooWide(page)]).toEqual([[], []]);
    }
    isDown = false;
    await page.getByLabel('A name for you').waitFor();
    await expect
      .poll(() => page.evaluate<string>('getComputedStyle(document.querySelector(".notice")).display'))
      .toBe('grid');
    expect(errors.filter((error) => !error.includes('net::ERR_FAILED'))).toEqual([]);
    await page.context().close();
  }
});

it.runIf(hasBrowser)(
  'keep a half-written name while the studio starts again, and take a new link in the tab',
  async () => {
    const [link, other] = [await invite('Half', 1), await invite('Other', 1, 'comparison')];
    const { page } = await openPage(browser);
    let isDown = true;
    await page.route('**/api/session', (route) => (isDown ? route.abort() : route.continue()));
    await page.goto(link);
    await page.getByLabel('A name for you').fill('Pia');
    // It is asked every two seconds.
    const answered = page.waitForResponse('**/api/session');
    isDown = false;
    await answered;
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(link).hash)}`);
    expect(await page.getByLabel('A name for you').inputValue()).toBe('Pia');
    await page.route('**/api/session/invite', (route) => route.abort(), { times: 1 });
    await page.evaluate(`location.hash = ${JSON.stringify(new URL(other).hash)}`);
    await page.getByText('Trying again by itself').waitFor();
    await page.getByText('two sets of images').waitFor();
    expect(page.url()).toBe(`http://${HOST}:${port}/join`);
    await page.goto(`http://${HOST}:${port}/login`);
    await page.getByText('This address alone lets nobody in').waitFor();
    await page.evaluate('location.hash = "#old"');
    await page.getByText('this link was used or is of an earlier start').waitFor();
    await page.context().close();
  },
);

it.runIf(hasBrowser)('keep three raters apart in one browser, tab by tab and in turns', async () => {
  const link = await invite('Class', 3, 'labelling');
  const context = await newContext(browser);
  const tabs = [];
  for (const name of ['Ann', 'Bob', 'Cid']) {
    const { page } = await addPage(context);
    await come(page, link, name);
    tabs.push(page);
  }
  for (let round = 0; round < 3; round++) for (const page of tabs) await judge(page, 1);
  for (const page of tabs) {
    await page.reload();
    await judge(page, 1);
  }
  for (const name of ['Ann', 'Bob', 'Cid']) await expect.poll(() => answersOf(name)).toBe(4);
  // Ann comes again by the same link, in a new tab: she is offered her own answers.
  const { page } = await addPage(context);
  await page.goto(link);
  await page.getByRole('button', { name: 'Go on as \u2068Ann\u2069' }).click();
  await page.locator('.image-card img').first().waitFor();
  expect(await answered(page)).toBe('4');
  await context.close();
});

it.runIf(hasBrowser)('lose nothing of two tabs whose server is down, and send nothing of a revoked rater', async () => {
  const [annLink, bobLink] = [await invite('Ann L', 1), await invite('Bob L', 1)];
  const context = await newContext(browser);
  const { page: one } = await addPage(context);
  await come(one, annLink, 'Ann Lee');
  const { page: two } = await addPage(context);
  await two.goto(`http://${HOST}:${port}/label`);
  await two.locator('.image-card img').first().waitFor();
  await studio.stop();
  await judge(one, 2);
  await judge(two, 2);
  await one.getByText('Not saved yet').waitFor();
  expect(await one.locator('.status').innerText()).toBe('');
  for (const page of [one, two]) await page.close();
  studio = await start();
  await owner.goto(studio.link);
  await owner.getByRole('heading', { name: 'Overview' }).waitFor();
  const { page: three } = await addPage(context);
  await three.goto(`http://${HOST}:${port}/label`);
  await expect.poll(() => answersOf('Ann Lee'), { timeout: 60_000 }).toBe(4);
  expect(await events().then((all) => new Set(all.map(({ id }) => id)).size)).toBe((await events()).length);

  // Her link is revoked while an answer waits: Bob's page in the same browser leaves it alone.
  await three.route('**/api/labelling/answers', (route) => route.abort());
  await judge(three, 1);
  await linkOf(owner, 'Raters').click();
  await owner.getByRole('button', { name: 'Revoke… the link for Ann L' }).click();
  await owner.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await owner.getByText('revoked', { exact: false }).first().waitFor();
  await three.unroute('**/api/labelling/answers');
  await three.getByText('cannot be sent any more').waitFor();
  await three.reload();
  await three.getByRole('heading', { name: 'Your invitation has ended' }).waitFor();
  expect(await barriersOf(three)).toEqual([]);
  await come(three, bobLink, 'Bob Lee');
  await judge(three, 2);
  await expect.poll(() => answersOf('Bob Lee')).toBe(2);
  expect(await answersOf('Ann Lee')).toBe(4);
  await three.goto(annLink);
  await three.getByText('Your invitation has ended').waitFor();
  await context.close();
});

it.runIf(hasBrowser)(
  'bring a rater back: a page loaded again before the name is given, another device, one’s own link',
  async () => {
    const link = await invite('Dora', 1);
    const { page } = await openPage(browser, { locale: 'de-AT' });
    await page.goto(link);
    await page.getByLabel('Ein Name für Sie').waitFor();
    expect(await page.evaluate('document.documentElement.lang')).toBe('de');
    expect(await barriersOf(page)).toEqual([]);
    await page.reload();
    await page.getByLabel('Ein Name für Sie').fill('\u202EDora\u200B');
    await page.getByRole('button', { name: 'Anfangen' }).click();
    await page.locator('.image-card img').first().waitFor();
    await page.getByRole('button', { name: 'Gut, Bild 1' }).click();
    // A Cyrillic layout: the key at the place of B.
    await page.dispatchEvent('body', 'keydown', { key: 'И', code: 'KeyB', shiftKey: true, bubbles: true });
    await expect.poll(() => answersOf('Dora')).toBe(1);
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'So geht es' }).waitFor();
    const own = await page.getByLabel('Ihr eigener Link').inputValue();
    expect(await barriersOf(page)).toEqual([]);

    for (const [i, again] of [link, own].entries()) {
      const { page: phone } = await openPage(browser, { width: 390, height: 844, hasTouch: true });
      await phone.goto(again);
      await phone.getByText('Welcome back, \u2068Dora\u2069').waitFor();
      await phone.getByRole('button', { name: 'Go on' }).tap();
      await phone.locator('.image-card.is-current img').waitFor();
      await judge(phone, 1);
      await expect.poll(() => answersOf('Dora')).toBe(2 + i);
      await phone.context().close();
    }
    await page.context().close();
  },
);
