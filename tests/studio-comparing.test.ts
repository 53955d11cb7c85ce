// A blind comparison in a real browser: the owner starts it, two raters answer by keys and by touch, the owner reads
// it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '../packages/heed/src/project/project.ts';
import { selectPrompts } from '../packages/heed/src/prompts/select.ts';
import { type ComparisonAnswer, readComparisonEvents } from '../packages/heed/src/studio/comparing/comparison-log.ts';
import { addDrawnImages, makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import {
  barriersOf,
  elementsTooWide,
  hasBrowser,
  launchBrowser,
  linkOf,
  openPage,
  takeScreenshot,
} from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const PROMPTS = 3;
let folder: string;
let project: Project;
let studio: StudioProcess;
let browser: Browser;
let page: Page;
let errors: string[];
let invite: string;

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-comparing-'));
  project = await makeDrawnProject(join(folder, 'emoji'), { prompts: 1, overrides: ['studio.comparisonRaters=2'] });
  const prompts = selectPrompts(paperTrainingPrompts(), PROMPTS);
  for (const model of ['base', 'tuned-0001']) {
    await addDrawnImages(project, { prompts, set: 'eval', model, imagesPerPrompt: 4 });
  }
  [studio, browser] = await Promise.all([startStudioProcess(project.folder), launchBrowser()]);
  ({ page, errors } = await openPage(browser));
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Answers that stand. */
const answers = () => {
  const events = readComparisonEvents(project);
  const taken = events.flatMap((event) => (event.event === 'retracted' ? [event.answer] : []));
  return events.filter((event): event is ComparisonAnswer => event.event === 'answered' && !taken.includes(event.id));
};
const saved = (count: number) => expect.poll(() => answers().length, { timeout: 120_000 }).toBe(count);

/** Comes by the invite link, which leads to the comparison. */
async function comeAs(name: string, options: Parameters<typeof openPage>[1] = {}) {
  const opened = await openPage(browser, options);
  await opened.page.goto(invite);
  await opened.page.getByLabel('A name for you').fill(name);
  await opened.page.getByRole('button', { name: 'Start' }).click();
  await opened.page.locator('.side img').first().waitFor();
  return opened;
}

it.runIf(hasBrowser)('is started by the owner, who invites two raters', async () => {
  await page.goto(studio.link);
  await linkOf(page, 'Compare').click();
  // Nothing is compared yet: the page has the form that starts it.
  await page.getByRole('heading', { name: 'Nothing to judge yet' }).waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Start a comparison' }).click();
  await page.locator('.side img').first().waitFor();
  await linkOf(page, 'Results').click();
  const panel = page.getByRole('article', { name: 'tuned-0001 and base' });
  await panel.getByText('6 answers are still open').waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await panel.getByRole('button', { name: 'Invite people' }).click();
  invite = await panel.locator('.link').inputValue();
});

it.runIf(hasBrowser)('is answered by keys; nothing tells which model is which', async () => {
  const { page: own, errors: ownErrors } = await comeAs('Ada');
  const asks: string[] = [];
  own.on('dialog', (dialog) => {
    asks.push(dialog.type());
    void dialog.dismiss();
  });
  expect(await own.locator('.side img').count()).toBe(8);
  expect(await barriersOf(own)).toEqual([]);
  await takeScreenshot(own, 'studio-compare');
  expect(`${own.url()} ${await own.content()}`).not.toMatch(/tuned|base|eval/);
  const pressed = () =>
    own.locator('[aria-pressed=true]').evaluateAll((buttons) => buttons.map(({ textContent }) => textContent));
  await own.keyboard.press('ArrowLeft');
  await own.keyboard.press('ArrowRight');
  await own.keyboard.press('u');
  expect((await pressed()).length).toBe(1);
  // One question is open: Enter does not go on.
  await own.keyboard.press('Enter');
  await own.keyboard.press('ArrowDown');
  await own.keyboard.press('Enter');
  await saved(1);
  expect(answers()[0]).toMatchObject({ alignment: 'left', fidelity: 'tie' });
  // Undo brings the answer back, as it was, to be changed.
  const { query } = answers()[0]!;
  await own.keyboard.press('u');
  await saved(0);
  expect((await pressed()).map((text) => text?.replace(/\W/g, ''))).toEqual(['Left', 'Tie']);
  await own.getByRole('group', { name: 'Which side looks better?' }).getByRole('button', { name: 'Right' }).click();
  await own.getByRole('button', { name: 'Next' }).click();
  await saved(1);
  expect(answers()[0]).toMatchObject({ query, alignment: 'left', fidelity: 'right' });
  await own.keyboard.press('?');
  await own.getByRole('dialog', { name: 'Help' }).waitFor();
  expect(await barriersOf(own)).toEqual([]);
  await own.keyboard.press('Escape');
  await own.keyboard.press('z');
  await own.getByRole('dialog', { name: 'Image 1 of 8, enlarged' }).waitFor();
  await own.keyboard.press('Escape');
  for (let count = 2; count <= PROMPTS; count++) {
    await own.locator('.side img').first().waitFor();
    for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await own.keyboard.press(key);
    await saved(count);
  }
  await own.getByRole('heading', { name: 'All done, thank you' }).waitFor();
  expect(await barriersOf(own)).toEqual([]);
  expect(ownErrors).toEqual([]);
  // An answer that cannot be sent: a rater who closes the tab is asked first.
  await own.context().setOffline(true);
  await own.keyboard.press('u');
  await own.getByRole('alert').waitFor();
  await own.close({ runBeforeUnload: true });
  await expect.poll(() => asks, { timeout: 120_000 }).toEqual(['beforeunload']);
  await own.context().setOffline(false);
  await saved(PROMPTS - 1);
  for (const key of ['ArrowRight', 'ArrowRight', 'Enter']) await own.keyboard.press(key);
  await saved(PROMPTS);
  await own.context().close();
});

it.runIf(hasBrowser)('is answered by touch on a phone', async () => {
  const { page: phone, errors: ownErrors } = await comeAs('Ben', {
    width: 390,
    height: 844,
    dark: true,
    hasTouch: true,
  });
  expect(await barriersOf(phone)).toEqual([]);
  expect(await phone.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
  await phone.getByRole('button', { name: 'Enlarge image 2 on the right' }).tap();
  await phone.getByRole('dialog', { name: 'Image 6 of 8, enlarged' }).waitFor();
  await phone.getByRole('button', { name: 'Close the enlarged image' }).tap();
  for (let count = 1; count <= PROMPTS; count++) {
    await phone.locator('.side img').first().waitFor();
    for (const question of ['Which side fits the text better?', 'Which side looks better?']) {
      await phone.getByRole('group', { name: question }).getByRole('button', { name: 'Left' }).tap();
    }
    await phone.getByRole('button', { name: 'Next' }).tap();
    await saved(PROMPTS + count);
  }
  await phone.getByRole('heading', { name: 'All done, thank you' }).waitFor();
  expect(ownErrors).toEqual([]);
  await phone.context().close();
});

it.runIf(hasBrowser)('is read by the owner and ended', async () => {
  await page.reload();
  const panel = page.getByRole('article', { name: 'tuned-0001 and base' });
  await panel.getByText('complete', { exact: true }).waitFor();
  await panel.getByText(`6 answers by 2 people. ${PROMPTS} of ${PROMPTS} prompts got all their answers.`).waitFor();
  await panel
    .getByText(/^tuned-0001 fits the prompt better than base in \d+ % of 3 prompts, worse in \d+ %; difference/)
    .waitFor();
  // Ada and Ben each said one side alone or nearly so; pictures of what was won, tied and lost are there.
  const outcomes = panel.getByRole('heading', { name: /^(Won by tuned-0001|Tied|Lost by tuned-0001): \d$/ });
  await outcomes.nth(2).waitFor();
  const counts = await outcomes.allInnerTexts();
  expect(counts.reduce((sum, text) => sum + Number(text.at(-1)), 0)).toBe(PROMPTS);
  await panel.getByText('Votes of tuned-0001 and base').click();
  const row = panel.getByRole('row', { name: /^Fits the text better/ });
  const wins = answers().filter(({ alignment, treatedIsLeft }) => (alignment === 'left') === treatedIsLeft).length;
  expect(await row.innerText()).toContain(`${((100 * wins) / 6).toFixed(1)} %`);
  // A program answered by keys, faster than anybody looks.
  await panel.getByRole('row', { name: /^Ada.*too fast/ }).waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await takeScreenshot(page, 'studio-results', { height: 1100 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.setViewportSize({ width: 390, height: 844 });
  expect([await barriersOf(page), await elementsTooWide(page)]).toEqual([[], []]);
  await takeScreenshot(page, 'studio-results-phone');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 800 });
  await panel.getByLabel('People a query').fill('3');
  await panel.getByRole('button', { name: 'Change' }).click();
  await panel.getByText('3 answers are still open').waitFor();
  await panel.getByRole('button', { name: 'End…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End it' }).click();
  await panel.getByText('ended', { exact: true }).waitFor();
  await panel.getByRole('button', { name: 'Repeat' }).click();
  await page.getByText('9 answers are still open').waitFor();
  expect(errors).toEqual([]);
});
