// The pages of owners, of one image, of one rater, and the page to try models, in a real browser on one project.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyProject } from '../packages/heed/src/doctor/verify/index.ts';
import { eventId, lastWords, openFeedbackLog, queryId } from '../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { silentProgress } from '../packages/heed/src/progress/index.ts';
import { type Project, takeLock } from '../packages/heed/src/project/index.ts';
import { readCountingEvents, readLabels } from '../packages/heed/src/reward/project-labels.ts';
import { type OwnerSession, openOwnerSession } from './owner-session.ts';
import { barriersOf, elementsTooWide, hasBrowser, linkOf, openPage, takeScreenshot } from './studio-browser.ts';
import type { StudioProcess } from './studio-process.ts';
import { makeTuningProject } from './tuning-project.ts';

let folder: string;
let project: Project;
let session: OwnerSession | undefined;
let studio: StudioProcess;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-pages-'));
  project = await makeTuningProject(folder, { steps: 2 });
  await addPerson();
  session = await openOwnerSession(project.folder);
  ({ studio, browser, page, errors } = session);
  page.setDefaultTimeout(60_000);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}, 120_000);
afterAll(async () => {
  if (!hasBrowser) return;
  await session?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Ada judges twelve images, an answer a minute. */
async function addPerson(): Promise<void> {
  const log = openFeedbackLog(project.paths.feedback);
  await log.append(
    createImageStore(project.paths.images)
      .all()
      .slice(0, 12)
      .map(({ id: image, prompt, model }, i) => {
        const query = queryId(prompt, [image]);
        const time = new Date(Date.UTC(2026, 0, 2, 10, i)).toISOString();
        const label = i % 3 === 0 ? 'bad' : 'good';
        const facts = { time, rater: 'Ada', raterKind: 'human', query, image, prompt, model, label } as const;
        return { id: eventId({ query, rater: 'Ada', image }), ...facts, seconds: 3 + (i % 5) };
      }),
  );
  await log.close();
}

const images = () => createImageStore(project.paths.images);
const lastEvents = async () => lastWords(await openFeedbackLog(project.paths.feedback).read());
const dialogButton = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });

/** axe and the width, in the page's own size and as a dark phone. */
async function checkAddress(address: string, screenshot: string): Promise<void> {
  expect(await barriersOf(page)).toEqual([]);
  await takeScreenshot(page, screenshot, { height: 1400 });
  const phone = await openPage(browser, { width: 390, height: 844, dark: true, hasTouch: true });
  await phone.page.context().addCookies(await page.context().cookies());
  await phone.page.goto(`${studio.origin}${address}`);
  await phone.page.locator('main h2').first().waitFor();
  expect(await barriersOf(phone.page)).toEqual([]);
  expect(await elementsTooWide(phone.page)).toEqual([]);
  expect(await phone.page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
  await takeScreenshot(phone.page, `${screenshot}-phone`, { height: 1400 });
  await phone.page.context().close();
}

it.runIf(hasBrowser)('shows who said what of an image; an owner corrects, sets aside and takes back', async () => {
  const before = (await readLabels(project, images().all())).length;
  await linkOf(page, 'Images').click();
  await page
    .getByRole('link', { name: /all about this picture/ })
    .first()
    .click();
  await page.getByRole('heading', { name: 'Who said what' }).waitFor();
  expect(await page.title()).toMatch(/^Image · .* · heed studio$/);
  const address = new URL(page.url());
  const id = await page.locator('.recipe dd').first().innerText();
  await page.getByLabel('Why, if you like').fill('the count is wrong');
  await page.getByRole('button', { name: 'I say: bad' }).click();
  await page.getByRole('cell', { name: 'the count is wrong' }).waitFor();
  expect(await lastEvents()).toContainEqual(
    expect.objectContaining({ image: id, rater: 'owner', label: 'bad', reason: 'the count is wrong' }),
  );
  const words = (await lastEvents()).filter(({ image }) => image === id).length;
  await page
    .getByRole('button', { name: /^Strike out what/ })
    .last()
    .click();
  await page.getByText('taken back').first().waitFor();
  expect((await lastEvents()).filter(({ image }) => image === id)).toHaveLength(words - 1);
  await page.getByRole('button', { name: 'Ask raters again' }).click();
  await expect.poll(() => existsSync(join(project.folder, 'label-queue.jsonl'))).toBe(true);
  await checkAddress(address.pathname + address.search, 'image');

  await page.getByRole('button', { name: 'Set aside' }).click();
  await page.getByText('set aside', { exact: true }).waitFor();
  expect(
    images()
      .all()
      .some((image) => image.id === id),
  ).toBe(false);
  expect(await readLabels(project, images().all())).toHaveLength(before - 1);
  await page.getByRole('button', { name: 'Take back' }).click();
  await page.getByRole('button', { name: 'Set aside' }).waitFor();
  expect(
    images()
      .all()
      .some((image) => image.id === id),
  ).toBe(true);

  await page.getByRole('button', { name: 'Delete…' }).click();
  expect(await barriersOf(page)).toEqual([]);
  await dialogButton('Delete').click();
  await page.getByText('deleted', { exact: true }).waitFor();
  const file = join(project.paths.images, images().get(id).file);
  expect(existsSync(file)).toBe(true);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await dialogButton('Delete and remove the file').click();
  await page.getByText('The file of this picture was removed.').waitFor();
  expect(existsSync(file)).toBe(false);
  const verified = await verifyProject(project, { progress: silentProgress, signal: new AbortController().signal });
  expect(verified).toMatchObject({ ok: true, damage: [] });
  await linkOf(page, 'Images').click();
  await page.getByLabel('Set aside or deleted').check();
  await page.getByText('1 images').waitFor();
});

it.runIf(hasBrowser)('shows a rater over time; setting aside counts at once', async () => {
  const before = (await readCountingEvents(project)).length;
  await linkOf(page, 'Images').click();
  await page
    .getByRole('link', { name: /all about this picture/ })
    .nth(3)
    .click();
  await page.locator('.said tbody th a').first().click();
  await page.getByRole('heading', { name: 'Answers' }).waitFor();
  const address = new URL(page.url());
  await checkAddress(address.pathname + address.search, 'rater');
  await page.getByRole('button', { name: 'Set the answers aside' }).click();
  await page.getByRole('button', { name: 'Take the answers back in' }).waitFor();
  expect((await readCountingEvents(project)).length).toBeLessThan(before);
  await page.getByRole('button', { name: 'Take the answers back in' }).click();
  await page.getByRole('button', { name: 'Set the answers aside' }).waitFor();
  expect(await readCountingEvents(project)).toHaveLength(before);
});

it.runIf(hasBrowser)('tries a prompt, which queues; a picture is judged, a prompt evaluated', async () => {
  await linkOf(page, 'Try').click();
  // Another command draws: the first waits for it, and the page says so.
  const drawing = await takeLock(project.paths.state, 'generate');
  for (const prompt of ['Two blue dogs.', '--a prompt like an option']) {
    await page.getByLabel('Prompt').fill(prompt);
    await page.getByLabel('Pictures of each').selectOption('2');
    await page.getByLabel('Best by the reward').selectOption('4');
    await page.getByRole('button', { name: 'Draw' }).click();
  }
  await page.getByText(/^waiting: another process \(\d+\) has been running `heed generate`/).waitFor();
  await page.getByRole('button', { name: 'Cancel --a prompt like an option' }).click();
  await drawing.release();
  await page.getByText('best of 4:').waitFor();
  await expect.poll(() => page.locator('.try-pictures img').count()).toBe(4);
  await page.getByText('stopped', { exact: true }).waitFor();
  await checkAddress('/try', 'try');

  const drawingAgain = await takeLock(project.paths.state, 'generate');
  await page.getByRole('button', { name: 'Judge this one, by base, noise 1' }).click();
  await page.getByText('asked first on the labelling page when heed generate has ended').waitFor();
  await drawingAgain.release();
  await page.getByRole('button', { name: 'Judge this one, by base, noise 1' }).click();
  await page.getByText('The picture is asked first on the labelling page.').waitFor();
  await page.getByRole('button', { name: 'Evaluate on this prompt' }).click();
  await page.getByText('The prompt is one to evaluate on.').waitFor();
  expect(await readFile(join(project.folder, 'evaluation-prompts.txt'), 'utf8')).toBe('Two blue dogs.\n');
  await linkOf(page, 'Label').click();
  await page.getByRole('heading', { name: 'Two blue dogs.' }).waitFor();
});

it.runIf(hasBrowser)('has several owners with logins of their own, and a way out', async () => {
  await linkOf(page, 'Owners').click();
  await page.getByLabel('Name').fill('Anna');
  await page.getByRole('button', { name: 'Add and make a link' }).click();
  const link = await page.getByLabel('Login link for Anna').inputValue();
  await checkAddress('/owners', 'owners');
  const anna = await openPage(browser);
  await anna.page.goto(link);
  await anna.page.getByRole('heading', { name: 'Overview' }).waitFor();
  await anna.page.goto(`${studio.origin}/owners`);
  await anna.page.locator('.run').filter({ hasText: 'Anna' }).getByText('you').waitFor();
  expect(await anna.page.title()).toMatch(/^Owners · /);

  await page.getByRole('button', { name: 'Link for another device' }).click();
  const second = await page.getByLabel('Login link for your other device').inputValue();
  const device = await openPage(browser);
  await device.page.goto(second);
  await device.page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Log out my other browsers' }).click();
  await expect.poll(() => page.getByRole('button', { name: 'Log out my other browsers' }).isDisabled()).toBe(true);
  await device.page.reload();
  await device.page.getByText('If this is your project').waitFor();

  await page.getByRole('button', { name: 'End access… of Anna' }).click();
  await dialogButton('End it').click();
  await page.locator('.run').filter({ hasText: 'Anna' }).waitFor({ state: 'detached' });
  await anna.page.reload();
  await anna.page.getByText('If this is your project').waitFor();

  await page.getByRole('button', { name: 'Log out', exact: true }).click();
  await page.getByText('If this is your project').waitFor();
  await page.goto(studio.origin);
  await page.getByText('If this is your project').waitFor();
  expect(errors.filter((text) => !/status of 401/.test(text))).toEqual([]);
});
