// Labelling in a real browser, from the link in the terminal: ten queries by keyboard, undo, skip, a phone, no
// barriers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FeedbackEvent, lastWords, openFeedbackLog } from '../packages/heed/src/feedback/index.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { barriersOf, hasBrowser, launchBrowser, openPage, takeScreenshot } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

let folder: string;
let studio: StudioProcess;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-browser-'));
  await makeDrawnProject(join(folder, 'emoji'), { prompts: 14 });
  [studio, browser] = await Promise.all([startStudioProcess(join(folder, 'emoji')), launchBrowser()]);
  ({ page, errors } = await openPage(browser));
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

const events = async (): Promise<FeedbackEvent[]> => openFeedbackLog(join(folder, 'emoji/feedback.jsonl')).read();
const answered = () => page.locator('.progress-line b').innerText();
const prompt = () => page.locator('h1.prompt').innerText();
const nextAfter = async (earlier: string) => {
  await expect.poll(prompt, { timeout: 120_000, interval: 20 }).not.toBe(earlier);
};
/** Everything the page has sent is in the log. */
const saved = async (count: number) => {
  await expect.poll(async () => lastWords(await events()).length, { timeout: 120_000 }).toBe(count);
};

it.runIf(hasBrowser)('logs in by the link, which leaves the address bar, and asks the first query', async () => {
  await page.goto(studio.link);
  await page.getByRole('link', { name: 'Label images' }).click();
  await page.locator('.image-card img').first().waitFor();
  expect(page.url()).toBe(`${studio.origin}/label`);
  expect(await page.locator('.image-card').count()).toBe(3);
  expect(await answered()).toBe('0');
  expect(await barriersOf(page)).toEqual([]);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  await takeScreenshot(page, 'studio-label');
  await page.keyboard.press('u');
});

it.runIf(hasBrowser)('takes ten queries by keyboard, without a pause between them', async () => {
  for (let i = 0; i < 10; i++) {
    const before = await prompt();
    for (const key of ['ArrowUp', 'ArrowDown', 'g']) await page.keyboard.press(key);
    await nextAfter(before);
  }
  expect(await answered()).toBe('10');
  await saved(30);
  expect((await events()).map(({ label }) => label)).toEqual(Array(10).fill(['good', 'bad', 'good']).flat());
});

it.runIf(hasBrowser)('undoes, keeps the marks for changing, and takes the new answer', async () => {
  await page.keyboard.press('u');
  await saved(27);
  expect(await answered()).toBe('9');
  const before = await prompt();
  await page.keyboard.press('1');
  await page.keyboard.press('ArrowDown');
  await nextAfter(before);
  await saved(30);
  const last = lastWords(await events()).filter((event) => event.prompt === before);
  expect(last.map(({ label }) => label)).toEqual(['bad', 'bad', 'good']);
});

it.runIf(hasBrowser)('skips with a reason, and shows its keys', async () => {
  const before = await prompt();
  await page.keyboard.press('s');
  await page.getByRole('dialog').waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await page.keyboard.press('1');
  await nextAfter(before);
  await saved(33);
  expect((await events()).at(-1)).toMatchObject({ label: 'skip', reason: "I can't tell", prompt: before });

  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'change the key for: Good:' }).click();
  await page.keyboard.press('j');
  await page.getByRole('button', { name: 'Got it' }).click();
  await page.keyboard.press('j');
  expect(await page.getByRole('button', { name: 'Good, image 1' }).getAttribute('aria-pressed')).toBe('true');
  await page.keyboard.press('ArrowUp');
  expect(await page.locator('[aria-pressed=true]').count()).toBe(1);
  await page.keyboard.press('u');
});

it.runIf(hasBrowser)('works by mouse and enlarges', async () => {
  const before = await prompt();
  await page.getByRole('button', { name: 'Enlarge image 2' }).click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  for (const name of ['Bad, image 2', 'Good, image 1', 'Bad, image 3'])
    await page.getByRole('button', { name }).click();
  await nextAfter(before);
  await saved(36);
  const last = lastWords(await events()).filter((event) => event.prompt === before);
  expect(last.map(({ label }) => label)).toEqual(['good', 'bad', 'bad']);
});

it.runIf(hasBrowser)('keeps answers that the server does not take, and sends them later', async () => {
  await page.route('**/api/labelling/answers', (route) => route.abort());
  const before = await prompt();
  await page.keyboard.press('B');
  await nextAfter(before);
  await page.getByRole('alert').waitFor();
  expect(await page.getByRole('alert').innerText()).toContain('Not saved yet (1 waiting)');
  await page.unroute('**/api/labelling/answers');
  await saved(39);
  await page.getByRole('alert').waitFor({ state: 'detached' });
  // Not before: the page may have tried in vain more than once.
  errors.splice(0);
});

it.runIf(hasBrowser)('fits a phone, in the dark, by touch, to the end', async () => {
  const phone = await openPage(browser, { width: 390, height: 844, dark: true, hasTouch: true });
  await phone.page.context().addCookies(await page.context().cookies());
  // A page that is left lets go of the queries that it holds.
  await page.goto('about:blank');
  await phone.page.goto(`${studio.origin}/label`);
  await phone.page.locator('.image-card img').first().waitFor();
  await takeScreenshot(phone.page, 'studio-label-phone');
  expect(await barriersOf(phone.page)).toEqual([]);
  const { scrollWidth, scrollHeight } = await phone.page.evaluate<{ scrollWidth: number; scrollHeight: number }>(
    '({ scrollWidth: document.documentElement.scrollWidth, scrollHeight: document.documentElement.scrollHeight })',
  );
  expect([scrollWidth, scrollHeight <= 844]).toEqual([390, true]);
  for (const i of [1, 2, 3]) await phone.page.getByRole('button', { name: `Good, image ${i}` }).tap();
  await phone.page.getByRole('heading', { name: 'All done, thank you' }).waitFor();
  await saved(42);
  expect(phone.errors).toEqual([]);
  expect(errors).toEqual([]);
});
