// The owner's pages and two raters at once, in a real browser: invite, label in parallel, retrain live, look around.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventId, type FeedbackEvent, openFeedbackLog, queryId } from '../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { exampleInput } from '../packages/heed/src/report/example-input.ts';
import { renderReport } from '../packages/heed/src/report/render-report.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { writeRandomModels } from '../packages/heed/src/testing/random-models.ts';
import { barriersOf, hasBrowser, launchBrowser, linkOf, openPage, takeScreenshot } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

let folder: string;
let project: string;
let studio: StudioProcess;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-owner-'));
  project = join(folder, 'emoji');
  const { clip } = await writeRandomModels(join(folder, 'models'));
  await makeDrawnProject(project, {
    prompts: 30,
    overrides: [`model.clip=${clip}`, 'reward.epochs=2', 'reward.hidden=16', 'threads=1'],
  });
  await addEarlierJudgements();
  await mkdir(join(project, 'reports'));
  await writeFile(join(project, 'reports/evaluate-0001.html'), renderReport(exampleInput()));
  [studio, browser] = await Promise.all([startStudioProcess(project), launchBrowser()]);
  ({ page, errors } = await openPage(browser));
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Two earlier raters on most images, so that there is something to learn from. */
async function addEarlierJudgements(): Promise<void> {
  const images = createImageStore(join(project, 'images')).all().slice(0, 78);
  const log = openFeedbackLog(join(project, 'feedback.jsonl'));
  const events = images.flatMap(({ id: image, prompt, model, seed }, i) =>
    ['Ada', 'Ben'].map((rater, r): FeedbackEvent => {
      const query = queryId(prompt, [image]);
      const label = (seed === 0) !== (r === 1 && i % 7 === 0) ? 'good' : 'bad';
      const time = new Date(0).toISOString();
      const id = eventId({ query, rater, image });
      return { id, time, rater, raterKind: 'human', query, image, prompt, model, label };
    }),
  );
  await log.append(events);
  await log.close();
}

it.runIf(hasBrowser)('shows the loop and what is next', async () => {
  await page.goto(studio.link);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('cell', { name: '90', exact: true }).first().waitFor();
  expect(await page.locator('.panel.next h2').innerText()).toBe('Train the reward');
  expect(await barriersOf(page)).toEqual([]);
});

it.runIf(hasBrowser)('invites raters, who label at the same time and see nothing else', async () => {
  await linkOf(page, 'Raters').click();
  await page.getByLabel('For whom').fill('Friends <i>of</i> the lab');
  await page.getByLabel('People').fill('2');
  await page.getByRole('button', { name: 'Make a link' }).click();
  const link = await page.locator('.link').inputValue();
  expect(await barriersOf(page)).toEqual([]);

  const raters = await Promise.all(['Cleo', 'Dan'].map(() => openPage(browser)));
  await Promise.all(
    raters.map(async ({ page: own }, i) => {
      await own.goto(link);
      await own.getByLabel('A name for you').fill(['Cleo', 'Dan'][i]!);
      if (i === 0) expect(await barriersOf(own)).toEqual([]);
      await own.getByRole('button', { name: 'Start' }).click();
      for (let count = 1; count <= 4; count++) {
        await own.locator('.image-card img').first().waitFor();
        await own.keyboard.press(i === 0 ? 'G' : 'B');
        await expect.poll(() => own.locator('.progress-line b').innerText(), { timeout: 120_000 }).toBe(String(count));
      }
      expect(await own.getByRole('navigation').count()).toBe(0);
      await own.goto(`${studio.origin}/raters`);
      await own.locator('.image-card img').first().waitFor();
    }),
  );
  expect(raters.flatMap((rater) => rater.errors)).toEqual([]);
  await Promise.all(raters.map((rater) => rater.page.context().close()));

  await page.reload();
  const cleo = page.getByRole('row', { name: /^Cleo/ });
  await expect.poll(() => cleo.getByRole('cell').first().innerText(), { timeout: 120_000 }).toBe('4');
  await cleo.getByRole('button').click();
  await cleo.getByText('set aside', { exact: true }).waitFor();
  await takeScreenshot(page, 'studio-raters');
  await cleo.getByRole('button').click();
  await cleo.getByText('set aside', { exact: true }).waitFor({ state: 'detached' });
});

it.runIf(hasBrowser)('trains the reward in a process of its own, live, and shows its accuracy', async () => {
  await linkOf(page, 'Overview').click();
  await page.locator('.panel.next').getByRole('button', { name: 'Train the reward' }).click();
  const state = page.locator('.job .tag');
  await state.waitFor();
  await expect.poll(() => state.innerText(), { timeout: 200_000 }).toBe('done');
  await page.getByRole('row', { name: /^default/ }).waitFor();
  expect(await page.getByRole('row', { name: /^default/ }).innerText()).toMatch(/\d+ images\s+[\d.]+ %\s+[\d.]+ %/);
  expect(await page.locator('.panel.next h2').innerText()).not.toBe('Train the reward');
  expect(await barriersOf(page)).toEqual([]);
  await takeScreenshot(page, 'studio-overview');
});

it.runIf(hasBrowser)('browses images and reads the report', async () => {
  await linkOf(page, 'Images').click();
  await page.getByText('90 images').waitFor();
  await page.getByLabel('Order').selectOption('reward-high');
  await page.getByLabel('Reward at least').fill('0.2');
  await expect.poll(() => page.url()).toContain('rewardFrom=0.2');
  const rewards = async () =>
    (await page.locator('.gallery .soft').allInnerTexts()).map((text) => Number(/reward ([\d.]+)/.exec(text)?.[1]));
  // The list before is shown until the one that is asked for comes.
  const isAsked = (values: number[]) =>
    values.length > 0 && values.every((value, i) => value >= 0.2 && value <= (values[i - 1] ?? 1));
  await expect.poll(async () => isAsked(await rewards())).toBe(true);
  await page.getByLabel('Order').selectOption('drawn');
  await page.getByLabel('Reward at least').fill('');
  await page.getByLabel('Judgement').selectOption('disputed');
  await page.locator('.gallery img').first().waitFor();
  expect(page.url()).toContain('label=disputed');
  expect(await barriersOf(page)).toEqual([]);
  const visible =
    "[...document.querySelectorAll('.gallery img')].slice(0, 18).every((image) => image.naturalWidth > 0)";
  await expect.poll(() => page.evaluate<boolean>(visible), { timeout: 120_000 }).toBe(true);
  await takeScreenshot(page, 'studio-images');
  await page.locator('.gallery-image').first().click();
  await page
    .getByRole('dialog')
    .getByText(/drawn by base/)
    .waitFor();
  await page.keyboard.press('Escape');

  await linkOf(page, 'Results').click();
  const report = page.frameLocator('iframe.report');
  await report.getByRole('heading', { name: 'Example report' }).waitFor();
  expect(errors).toEqual([]);
});

it.runIf(hasBrowser)('takes judgements from a file, which count at once', async () => {
  const { id } = createImageStore(join(project, 'images')).all().at(-1)!;
  await linkOf(page, 'Data').click();
  await page.getByLabel('File of judgements').setInputFiles({
    name: 'judged.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(`image,label\n${id},good\n`),
  });
  await page.getByLabel('Rater, if the file names none').fill('Eve');
  await page.getByRole('button', { name: 'Import' }).first().click();
  await page.getByText('1 judgements taken over, 0 known already, 0 without a label.').waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await takeScreenshot(page, 'studio-data');
  await linkOf(page, 'Raters').click();
  const eve = page.getByRole('row', { name: /^Eve/ });
  await expect.poll(() => eve.getByRole('cell').first().innerText()).toBe('1');
  expect(errors).toEqual([]);
});
