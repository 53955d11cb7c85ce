// Every page, dialog and the report: axe finds nothing, light and dark, wide and narrow, and no page scrolls sideways.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { paperTrainingPrompts } from '@heed/emoji-world';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVALUATION_FILE } from '../packages/heed/src/evaluate/evaluation-file.ts';
import { eventId, type FeedbackEvent, openFeedbackLog, queryId } from '../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import type { Project } from '../packages/heed/src/project/project.ts';
import { selectPrompts } from '../packages/heed/src/prompts/select.ts';
import { exampleInput } from '../packages/heed/src/report/example-input.ts';
import { renderReport } from '../packages/heed/src/report/render-report.ts';
import { addDrawnImages, makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { barriersOf, hasBrowser, launchBrowser, openPage, scrollsSideways, takeScreenshot } from './studio-browser.ts';
import { LISTED_PAGES, type ListedPage } from './studio-page-list.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const RATER = 'Maximiliane Musterfrau-Longname';

let folder: string;
let studio: StudioProcess;
let browser: Browser;
let link: string;
const pages: Partial<Record<ListedPage['as'], Page>> = {};
const errors: string[][] = [];

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-barriers-'));
  const project = await makeDrawnProject(join(folder, 'emoji'), {
    prompts: 20,
    overrides: ['label.practiceQueries=0'],
  });
  for (const model of ['base', 'tuned-0001']) {
    const prompts = selectPrompts(paperTrainingPrompts(), 3);
    await addDrawnImages(project, { prompts, set: 'eval', model, imagesPerPrompt: 4 });
  }
  await addJudgements(project);
  await addResults(project);
  [studio, browser] = await Promise.all([startStudioProcess(project.folder), launchBrowser()]);
  const cookie = await studio.login();
  await studio.post('comparisons', { models: ['tuned-0001', 'base'] }, cookie);
  ({ link } = await studio.post<{ link: string }>('invites', { name: 'The lab', days: 1, maxUses: 9 }, cookie));
  for (const as of ['owner', 'rater', 'anybody'] as const) {
    const { page, errors: own } = await openPage(browser);
    pages[as] = page;
    errors.push(own);
  }
  const [name, value] = cookie.split('=') as [string, string];
  await pages.owner!.context().addCookies([{ name, value, url: studio.origin }]);
  await pages.rater!.goto(link);
  await pages.rater!.getByLabel('A name for you').fill(RATER);
  await pages.rater!.getByRole('button', { name: 'Start' }).click();
  await pages.rater!.locator('.image-card img').first().waitFor();
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Most judgements are a program's. */
async function addJudgements(project: Project): Promise<void> {
  const log = openFeedbackLog(project.paths.feedback);
  const images = createImageStore(project.paths.images).all({ set: 'train' }).slice(0, 30);
  await log.append(
    images.flatMap(({ id: image, prompt, model }, i) =>
      ['simulated-1', 'simulated-2', ...(i < 6 ? [RATER] : [])].map((rater): FeedbackEvent => {
        const query = queryId(prompt, [image]);
        const id = eventId({ query, rater, image });
        const raterKind = rater === RATER ? 'human' : 'simulated';
        const label = i % 2 === 0 ? 'good' : 'bad';
        return { id, time: new Date(0).toISOString(), rater, raterKind, query, image, prompt, model, label };
      }),
    ),
  );
  await log.close();
}

/** An evaluation whose run has no number, as a demo's, and its report. */
async function addResults(project: Project): Promise<void> {
  const input = exampleInput();
  const run = join(project.paths.runs, 'evaluate-demo');
  await mkdir(run, { recursive: true });
  await writeFile(join(run, EVALUATION_FILE), JSON.stringify({ ...input.evaluation, run: 'evaluate-demo' }));
  await mkdir(project.paths.reports, { recursive: true });
  await writeFile(join(project.paths.reports, 'evaluate-demo.html'), renderReport(input));
}

/** All that differs between the four looks is in their colours and their width: the other rules need two. */
async function expectNoBarriers(page: Page): Promise<void> {
  const looks = [
    { colorScheme: 'light', size: WIDE },
    { colorScheme: 'dark', size: WIDE, rules: ['color-contrast'] },
    { colorScheme: 'light', size: PHONE, rules: ['color-contrast'] },
    { colorScheme: 'dark', size: PHONE },
  ] as const;
  for (const { colorScheme, size, ...only } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(size);
    expect([colorScheme, size.width, await barriersOf(page, only)]).toEqual([colorScheme, size.width, []]);
    expect([size.width, await scrollsSideways(page)]).toEqual([size.width, false]);
  }
}

describe.runIf(hasBrowser)('nobody is kept out of', () => {
  it.each(LISTED_PAGES.map((listed) => [listed.name, listed] as const))('%s', async (name, { as, open }) => {
    const page = pages[as]!;
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.setViewportSize(WIDE);
    await open(page, { origin: studio.origin, link });
    await expectNoBarriers(page);
    await takeScreenshot(page, `phone-${name.toLowerCase().replaceAll(/\W+/g, '-')}`);
  });

  it('the report', async () => {
    const page = pages.anybody!;
    await page.goto(pathToFileURL(join(folder, 'emoji/reports/evaluate-demo.html')).href);
    await expectNoBarriers(page);
  });
});

it.runIf(hasBrowser)('pages with figures say how many judgements a program made', async () => {
  const page = pages.owner!;
  for (const path of ['/', '/images', '/raters', '/rewards', '/training', '/results']) {
    await page.goto(studio.origin + path);
    await page.getByText('60 of 66 judgements of images are simulated').waitFor();
  }
  await page.goto(studio.origin);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(await page.locator('.panel.next h2').innerText()).not.toBe('Evaluate');
  expect(errors.flat()).toEqual([]);
});
