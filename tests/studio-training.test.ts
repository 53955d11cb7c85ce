// Reward and tuning from the studio's pages, in a real browser: trained, queued, judged, trained again, watched live to
// the end. The models are random and small; every command is the real one in a separate process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModel, StableDiffusionPipeline } from '../packages/diffusion/src/index.ts';
import { eventId, type FeedbackEvent, openFeedbackLog, queryId } from '../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { type OwnerSession, openOwnerSession } from './owner-session.ts';
import { pageModels } from './page-models.ts';
import { barriersOf, elementsTooWide, hasBrowser, linkOf, openPage, takeScreenshot } from './studio-browser.ts';
import type { StudioProcess } from './studio-process.ts';

const LIVE_TIMEOUT_MS = 240_000;
const STEPS = 12;
/** Of 90 images. */
const JUDGED_BEFORE = 66;
let folder: string;
let project: string;
let session: OwnerSession | undefined;
let studio: StudioProcess;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-training-'));
  project = join(folder, 'emoji');
  const { model, clip, samplingSteps } = await pageModels(join(folder, 'models'));
  await makeDrawnProject(project, {
    prompts: 30,
    modelHash: await hashOf(model),
    overrides: [
      `model.path=${model}`,
      `model.clip=${clip}`,
      'world=emoji',
      'reward.hidden=16',
      'threads=1',
      `sample.steps=${samplingSteps}`,
      `tune.steps=${STEPS}`,
      'tune.batchSize=2',
      'tune.warmupSteps=1',
      `tune.learningRate=${samplingSteps > 1 ? 2e-5 : 2e-3}`,
      'tune.logEverySteps=1',
      `tune.sampleEverySteps=${STEPS / 2}`,
      'tune.checkpointEverySteps=100',
      'tune.pretrainingImages=16',
      'tune.samplePrompts=["A green colored dog.", "Three apples.", "A cat on the moon."]',
    ],
  });
  await addEarlierJudgements();
  session = await openOwnerSession(project);
  ({ studio, browser, page, errors } = session);
});
afterAll(async () => {
  if (!hasBrowser) return;
  await session?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What images of this model carry. */
async function hashOf(model: string): Promise<string> {
  const pipeline = new StableDiffusionPipeline(await loadModel(model));
  const { modelHash } = pipeline;
  await pipeline.dispose();
  return modelHash;
}

/** Two earlier raters on most images, by a rule that can be learned a little: bright pictures are good. */
async function addEarlierJudgements(): Promise<void> {
  const store = createImageStore(join(project, 'images'));
  const images = store.all().slice(0, JUDGED_BEFORE);
  const log = openFeedbackLog(join(project, 'feedback.jsonl'));
  const brightness = await Promise.all(
    images.map(async ({ id }) => (await store.read(id)).data.reduce((sum, value) => sum + value, 0)),
  );
  const middle = [...brightness].sort((a, b) => a - b)[images.length / 2]!;
  const events = images.flatMap(({ id: image, prompt, model }, i) =>
    ['Ada', 'Ben'].map((rater, r): FeedbackEvent => {
      const query = queryId(prompt, [image]);
      const label = brightness[i]! >= middle !== (r === 1 && i % 7 === 0) ? 'good' : 'bad';
      const time = new Date(0).toISOString();
      const id = eventId({ query, rater, image });
      return { id, time, rater, raterKind: 'human', query, image, prompt, model, label };
    }),
  );
  await log.append(events);
  await log.close();
}

/** The command that the page shows has come to this end. */
const ended = (state: 'done' | 'stopped') =>
  expect.poll(() => page.locator('.job .tag').first().innerText(), { timeout: LIVE_TIMEOUT_MS }).toBe(state);

it.runIf(hasBrowser)('trains a reward with a setting of its own and shows how far to trust it', async () => {
  await linkOf(page, 'Rewards').click();
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('reward.epochs').fill('12');
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Train the reward' }).click();
  await page.locator('.job').waitFor();
  await ended('done');
  const row = page.getByRole('row', { name: /^reward-0001/ });
  await row.waitFor();
  expect(await row.innerText()).toMatch(/in use[\s\S]*\d+ images\s+[\d.]+ %\s+[\d.]+ %/);
  await page.getByRole('img', { name: /^Accuracy on held-out pairs/ }).waitFor();
  await page.getByRole('img', { name: /^Reliability diagram/ }).waitFor();
  expect(await page.locator('.gallery li').count()).toBeGreaterThan(10);
});

it.runIf(hasBrowser)('queues what the reward is unsure of, which is asked first and leaves the queue', async () => {
  const unsure = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Most unsure about' }) });
  await unsure
    .getByRole('button', { name: /^Judge first/ })
    .first()
    .click();
  await unsure
    .getByRole('button', { name: /^Queued/ })
    .first()
    .waitFor();
  const prompt = await unsure.locator('.gallery li p').first().innerText();
  await page.getByText('1 query waits to be judged first').waitFor();
  await unsure.getByRole('button', { name: /^Queue all/ }).click();
  await unsure.getByRole('button', { name: 'All queued' }).waitFor();
  const waiting = async () => Number.parseInt(await page.locator('.panel.next h2').innerText(), 10);
  const before = await waiting();
  expect(before).toBeGreaterThan(2);
  expect(await barriersOf(page)).toEqual([]);
  await page.getByText('Settings', { exact: true }).click();
  await takeScreenshot(page, 'rewards', { height: 1900 });
  await page.getByRole('link', { name: 'Judge them' }).click();
  expect(await page.locator('h1.prompt').innerText()).toBe(prompt);
  for (let i = 0; i < 3; i++) {
    const shown = await page.locator('h1.prompt').innerText();
    await page.keyboard.press(i % 2 === 0 ? 'G' : 'B');
    await expect.poll(() => page.locator('h1.prompt').innerText(), { timeout: 120_000 }).not.toBe(shown);
  }
  await expect
    .poll(async () => (await openFeedbackLog(join(project, 'feedback.jsonl')).read()).length)
    .toBe(2 * JUDGED_BEFORE + 9);
  await linkOf(page, 'Rewards').click();
  await expect.poll(waiting, { timeout: 120_000 }).toBe(before - 3);
  await page.getByRole('button', { name: 'Let them go' }).click();
  await page.locator('.panel.next').waitFor({ state: 'detached' });
});

it.runIf(hasBrowser)('trains again and keeps both versions side by side', async () => {
  const learned = (run: string) =>
    page
      .getByRole('row', { name: new RegExp(`^${run}`) })
      .getByRole('cell')
      .nth(1)
      .innerText()
      .then((text) => Number.parseInt(text, 10));
  const first = await learned('reward-0001');
  await page.getByRole('button', { name: 'Train again' }).click();
  await page.getByRole('row', { name: /^reward-0002 in use/ }).waitFor({ timeout: LIVE_TIMEOUT_MS });
  expect(await learned('reward-0002')).toBeGreaterThan(first);
  await page.getByRole('link', { name: 'reward-0001' }).click();
  await page.getByRole('heading', { name: 'Accuracy of reward-0001 against CLIP score' }).waitFor();
});

it.runIf(hasBrowser)('tunes the model, watched live to its end', async () => {
  await linkOf(page, 'Training').click();
  await page.getByText('reward-0002 · Reward training').waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Tune the model' }).click();
  await page.getByText('live', { exact: true }).waitFor({ timeout: LIVE_TIMEOUT_MS });
  // No page is loaded again: each value comes as it is written.
  await page.getByRole('img', { name: /^Loss over/ }).waitFor({ timeout: LIVE_TIMEOUT_MS });
  await page.getByText('finished', { exact: true }).waitFor({ timeout: LIVE_TIMEOUT_MS });
  await page.getByRole('img', { name: new RegExp(`^Loss over ${STEPS} steps`) }).waitFor();
  await ended('done');
  const slider = page.getByRole('slider', { name: 'Step of the samples' });
  expect(await page.locator('.samples img').getAttribute('alt')).toContain(`step ${STEPS}`);
  await slider.focus();
  await page.keyboard.press('Home');
  expect(await page.locator('.samples img').getAttribute('alt')).toContain('step 0');
  const loaded = "document.querySelector('.samples img').naturalWidth > 0";
  await expect.poll(() => page.evaluate<boolean>(loaded)).toBe(true);
  await page.getByText('The config that this run used', { exact: true }).click();
  await page.getByText('logEverySteps = 1').waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await page.getByText('The config that this run used', { exact: true }).click();
  await takeScreenshot(page, 'training', { height: 1500 });
});

it.runIf(hasBrowser)('shows a finished run again, after a reload and on a phone', async () => {
  await page.getByRole('combobox', { name: 'Run' }).selectOption('reward-0001');
  await page.getByRole('img', { name: /^Squared error, held out/ }).waitFor();
  await page.getByRole('combobox', { name: 'Run' }).selectOption('tuned');
  await page.reload();
  await page.getByRole('img', { name: new RegExp(`^Loss over ${STEPS} steps`) }).waitFor();
  const phone = await openPage(browser, { width: 390, height: 844, dark: true, hasTouch: true });
  await phone.page.context().addCookies(await page.context().cookies());
  for (const [path, heading] of [
    ['/training', 'Training'],
    ['/rewards', 'Rewards'],
  ] as const) {
    await phone.page.goto(`${studio.origin}${path}`);
    await phone.page.getByRole('heading', { name: heading, exact: true }).waitFor();
    await phone.page.locator('svg').first().waitFor();
    expect(await barriersOf(phone.page)).toEqual([]);
    expect(await elementsTooWide(phone.page)).toEqual([]);
    expect(await phone.page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
  }
  await takeScreenshot(phone.page, 'rewards-phone');
  expect([...errors, ...phone.errors]).toEqual([]);
});

it.runIf(hasBrowser)('tunes again with other settings under a name that is free', async () => {
  await page.getByText('Settings', { exact: true }).click();
  await expect.poll(() => page.getByLabel('Name').inputValue()).toBe('tuned-2');
  await page.getByLabel('tune.steps').fill('2');
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('button', { name: 'Tune the model' }).click();
  // The command before it has ended, too.
  await page.locator('.job').getByText('tuned-2', { exact: true }).waitFor();
  await ended('done');
  await page.getByRole('combobox', { name: 'Run' }).selectOption('tuned-2');
  await page.getByRole('img', { name: /^Loss over 2 steps/ }).waitFor();
});

it.runIf(hasBrowser)('shows rounds, and has what teaches most judged first', async () => {
  await linkOf(page, 'Rounds').click();
  const row = page.getByRole('row', { name: /^tuned-2\s+1\s+base\s+reward-weighted, 2 updates/ });
  await row.waitFor();
  expect(await page.getByRole('row').count()).toBeGreaterThan(3);
  await page.getByText(/^\d+ images of base have no judgement/).waitFor();
  await page.getByRole('button', { name: 'Draw images with tuned-2' }).waitFor();
  await page.getByLabel('Images', { exact: true }).fill('6');
  await page.getByRole('button', { name: 'Have them judged first' }).click();
  await ended('done');
  await page.getByText(/^\d+ queries wait to be judged first$/).waitFor();
  expect(await barriersOf(page)).toEqual([]);
  expect(await elementsTooWide(page)).toEqual([]);
  await takeScreenshot(page, 'rounds');
  const phone = await openPage(browser, { width: 390, height: 844, dark: true, hasTouch: true });
  await phone.page.context().addCookies(await page.context().cookies());
  await phone.page.goto(`${studio.origin}/rounds`);
  await phone.page.getByRole('heading', { name: 'Label next', exact: true }).waitFor();
  await takeScreenshot(phone.page, 'rounds-phone');
  await page.getByRole('link', { name: 'Judge them' }).click();
  await page.locator('.image-card').first().waitFor();
  await linkOf(page, 'Rounds').click();
  await page.getByRole('button', { name: 'Let them go' }).click();
  await page.locator('.panel.next').waitFor({ state: 'detached' });
});

it.runIf(hasBrowser)('draws images from the overview, and stops', async () => {
  await linkOf(page, 'Overview').click();
  await page.getByRole('button', { name: 'Draw images' }).click();
  await page.getByText(/\d+ of \d+/).waitFor({ timeout: LIVE_TIMEOUT_MS });
  await page.getByRole('button', { name: 'Stop' }).click();
  await ended('stopped');
  expect(errors).toEqual([]);
});
