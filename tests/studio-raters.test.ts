// The quality of answers in a real browser: known answers, the practice round, a hasty participant, the completion
// code.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FeedbackEvent, lastWords, openFeedbackLog, purposeOf } from '../packages/heed/src/feedback/index.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { barriersOf, hasBrowser, launchBrowser, linkOf, openPage, takeScreenshot } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const QUERIES = 6;
const PARTICIPANT = '5f1a2b3c4d';

let folder: string;
let studio: StudioProcess;
let browser: Browser;
let page: Page;
let errors: string[];
let participantLink: string;

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-raters-'));
  await makeDrawnProject(join(folder, 'emoji'), {
    prompts: 20,
    overrides: [
      'label.practiceQueries=2',
      'label.goldShare=0.5',
      `label.queriesPerRater=${QUERIES}`,
      // No rater is that slow: every answer comes too fast.
      'label.minAnswerMs=60000',
      'label.completionUrl="https://app.prolific.com/submissions/complete?cc={code}"',
    ],
  });
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
const promptOf = (shown: Page) => shown.locator('h1.prompt').innerText();

it.runIf(hasBrowser)('lets the owner keep known answers from the labelling page', async () => {
  await page.goto(studio.link);
  await page.getByRole('link', { name: 'Label', exact: true }).click();
  for (let count = 1; count <= 6; count++) {
    await page.locator('.image-card img').first().waitFor();
    const before = await promptOf(page);
    await page.getByRole('button', { name: 'Known answer…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    if (count === 1) expect(await barriersOf(page)).toEqual([]);
    for (const [i, name] of ['Good', 'Bad', 'Good'].entries()) {
      await dialog
        .getByRole('group', { name: `Image ${i + 1}` })
        .getByLabel(name, { exact: true })
        .check();
    }
    await dialog.getByLabel('Why, image 2').fill('There is <i>nothing</i> of it.');
    await dialog.getByRole('button', { name: 'Keep as known' }).click();
    await expect.poll(() => promptOf(page), { timeout: 120_000, interval: 20 }).not.toBe(before);
  }
  await expect.poll(async () => (await events()).length, { timeout: 120_000 }).toBe(36);
  const log = await events();
  expect(log.filter((event) => purposeOf(event) === 'key')).toHaveLength(18);
  // The owner's word is a judgement as well, once.
  expect(lastWords(log)).toHaveLength(18);
});

it.runIf(hasBrowser)('shows them beside the raters, with a link for a platform', async () => {
  await linkOf(page, 'Raters').click();
  await page.getByLabel('For whom').fill('Prolific');
  await page.getByRole('button', { name: 'Make a link' }).click();
  await page.getByText('For Prolific and other platforms').click();
  const link = await page.locator('.platform-link').inputValue();
  participantLink = link
    .replace('{{%PROLIFIC_PID%}}', PARTICIPANT)
    .replace('{{%STUDY_ID%}}', 'study-1')
    .replace('{{%SESSION_ID%}}', 'visit-1');
  expect(await page.locator('.known-answers li').count()).toBe(6);
  expect(await page.locator('.known-answers').getByText('practice', { exact: true }).count()).toBe(2);
  expect(await barriersOf(page)).toEqual([]);
});

it.runIf(hasBrowser)('trains, measures and pays a participant', async () => {
  const rater = await openPage(browser);
  await rater.page.goto(participantLink);
  await rater.page.getByText('the ids in your link').waitFor();
  expect(rater.page.url()).toBe(`${studio.origin}/join`);
  expect(await rater.page.getByLabel('A name for you').count()).toBe(0);
  await rater.page.getByRole('button', { name: 'Start' }).click();

  await rater.page.getByText('practice', { exact: true }).waitFor();
  await rater.page.locator('.image-card img').first().waitFor();
  expect(await barriersOf(rater.page)).toEqual([]);
  await rater.page.keyboard.press('B');
  await rater.page.getByRole('heading', { name: 'Not quite: this is what is right' }).waitFor();
  await rater.page.getByText('You said bad; good is right.').first().waitFor();
  await rater.page.getByText('There is <i>nothing</i> of it.').waitFor();
  expect(await barriersOf(rater.page)).toEqual([]);
  await takeScreenshot(rater.page, 'studio-practice');
  // The button has the focus: the keyboard is enough.
  await rater.page.keyboard.press('Enter');
  await rater.page.getByText('practice', { exact: true }).waitFor();
  for (const key of ['g', 'b', 'g']) await rater.page.keyboard.press(key);
  await rater.page.getByRole('heading', { name: 'That is right' }).waitFor();
  await rater.page.getByRole('button', { name: 'Go on' }).click();
  await rater.page.getByText('from now on your answers count').waitFor();
  expect(await rater.page.locator('.progress-line b').innerText()).toBe('0');

  for (let count = 1; count <= QUERIES; count++) {
    await rater.page.locator('.image-card img').first().waitFor();
    await rater.page.keyboard.press('G');
    if (count === 1) await rater.page.getByText('quicker than anybody can look').waitFor();
    if (count < QUERIES) {
      await expect
        .poll(() => rater.page.locator('.progress-line b').innerText(), { timeout: 120_000 })
        .toBe(String(count));
    }
  }
  await rater.page.getByRole('heading', { name: 'All done, thank you' }).waitFor();
  const code = await rater.page.locator('.completion-code').innerText();
  expect(code).toMatch(/^[\w-]{22}$/);
  expect(await rater.page.getByRole('link', { name: 'Finish on app.prolific.com' }).getAttribute('href')).toBe(
    `https://app.prolific.com/submissions/complete?cc=${code}`,
  );
  expect(await barriersOf(rater.page)).toEqual([]);
  expect(rater.errors).toEqual([]);
  await rater.page.context().close();

  const back = await openPage(browser);
  await back.page.goto(participantLink.replace('visit-1', 'visit-2'));
  await back.page.getByRole('button', { name: 'Start' }).click();
  await back.page.getByText(code).waitFor();
  await back.page.context().close();

  const own = (await events()).filter(({ rater: id }) => id !== 'owner');
  expect(new Set(own.map((event) => event.rater)).size).toBe(1);
  const queriesFor = (purpose: string) =>
    new Set(own.filter((event) => purposeOf(event) === purpose).map(({ query }) => query)).size;
  expect(queriesFor('practice')).toBe(2);
  expect(queriesFor('feedback') + queriesFor('gold') + queriesFor('repeat')).toBe(QUERIES);
  expect(own.every(({ tooFast }) => tooFast === true)).toBe(true);
});

it.runIf(hasBrowser)('tells the owner how far the participant can be relied on', async () => {
  await page.reload();
  const row = page.getByRole('row', { name: new RegExp(`^${PARTICIPANT}`) });
  await row.getByText('too fast', { exact: true }).waitFor();
  expect(await row.innerText()).toContain(`of ${QUERIES + 2}`);
  expect(await barriersOf(page)).toEqual([]);
  await takeScreenshot(page, 'studio-raters-quality');
  const removed = page.getByRole('button', { name: /^Remove the known answer/ }).first();
  await removed.click();
  await expect.poll(() => page.locator('.known-answers li').count(), { timeout: 120_000 }).toBe(5);
  expect(errors).toEqual([]);
});
