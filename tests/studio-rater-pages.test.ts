// Raters' pages as they look and feel: guidelines, the owner's trial, large images on phones and enlarged pages.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFeedbackLog } from '../packages/heed/src/feedback/index.ts';
import type { Project } from '../packages/heed/src/project/project.ts';
import { selectPrompts } from '../packages/heed/src/prompts/select.ts';
import { readComparisonEvents } from '../packages/heed/src/studio/comparing/comparison-log.ts';
import { addDrawnImages, makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import {
  barriersOf,
  elementsTooWide,
  hasBrowser,
  launchBrowser,
  linkOf,
  openPage,
  type PageOptions,
  takeScreenshot,
} from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

let folder: string;
let project: Project;
let studio: StudioProcess;
let browser: Browser;
let owner: Page;
let errors: string[];
let link: string;

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-pages-'));
  project = await makeDrawnProject(join(folder, 'emoji'), {
    prompts: 20,
    overrides: [
      'label.ratersPerQuery=50',
      'studio.comparisonRaters=50',
      'label.practiceQueries=1',
      'label.minAnswerMs=0',
    ],
  });
  for (const model of ['base', 'tuned-0001']) {
    await addDrawnImages(project, {
      prompts: selectPrompts(paperTrainingPrompts(), 4),
      set: 'eval',
      model,
      imagesPerPrompt: 4,
    });
  }
  [studio, browser] = await Promise.all([startStudioProcess(project.folder), launchBrowser()]);
  ({ page: owner, errors } = await openPage(browser));
  await owner.goto(studio.link);
  await owner.getByRole('heading', { name: 'Overview' }).waitFor();
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

const answers = async () =>
  new Set((await openFeedbackLog(project.paths.feedback).read()).map(({ answer }) => answer)).size;
const compared = () => readComparisonEvents(project).filter(({ event }) => event === 'answered').length;

/** A new rater, past the guidelines. */
async function comeAs(name: string, options: PageOptions = {}) {
  const opened = await openPage(browser, options);
  await opened.page.goto(link);
  await opened.page.getByLabel('A name for you').fill(name);
  await opened.page.getByRole('button', { name: 'Start' }).click();
  await opened.page.getByRole('button', { name: 'Begin' }).click();
  await opened.page.locator('.image-card.is-current img').waitFor();
  return opened;
}

describe.runIf(hasBrowser)('guidelines', () => {
  it('are written by the owner, with pictures of the project', async () => {
    await linkOf(owner, 'Guidelines').click();
    const text = owner.getByLabel('What raters should know');
    await text.fill(
      '# Good or bad\n\nLook at **each** image.\n\n- the right thing\n- the right number\n\n<b>no HTML</b>\n',
    );
    await owner
      .getByRole('button', { name: /^As good example/ })
      .first()
      .click();
    await owner
      .getByRole('button', { name: /^As bad example/ })
      .nth(1)
      .click();
    await owner.locator('.examples img').nth(1).waitFor();
    await owner.getByText('Not saved yet.').waitFor();
    expect(await barriersOf(owner)).toEqual([]);
    await owner.getByRole('button', { name: 'Save' }).click();
    await owner.getByText('Saved.', { exact: true }).waitFor();
    await takeScreenshot(owner, 'studio-guidelines', { height: 1100 });
    const file = await readFile(join(project.folder, 'guidelines.md'), 'utf8');
    expect(file).toMatch(/^# Good or bad\n.*!\[good\]\(images\/.*!\[bad\]\(images\//s);
  });

  it('come before the first image, once, and again with "?"', async () => {
    await linkOf(owner, 'Raters').click();
    await owner.getByLabel('For whom').fill('The lab');
    await owner.getByLabel('People').fill('40');
    await owner.getByRole('button', { name: 'Make a link' }).click();
    link = await owner.getByLabel('Link for The lab', { exact: true }).inputValue();
    expect(await barriersOf(owner)).toEqual([]);

    const { page, errors: own } = await openPage(browser, { width: 390, height: 844, dark: true, hasTouch: true });
    await page.goto(link);
    expect(await barriersOf(page)).toEqual([]);
    await page.getByLabel('A name for you').fill('Reader');
    // Raters read them first although the studio does not answer just then.
    await page.route('**/api/guidelines', (route) => route.abort(), { times: 1 });
    await page.getByRole('button', { name: 'Start' }).tap();
    await page.getByText('Trying again by itself').waitFor();
    await page.getByRole('heading', { name: 'Before you begin' }).waitFor();
    await page.getByText('<b>no HTML</b>').waitFor();
    await page.locator('.examples img').first().waitFor();
    expect(await barriersOf(page)).toEqual([]);
    expect(await elementsTooWide(page)).toEqual([]);
    await takeScreenshot(page, 'studio-guidelines-phone');
    await page.getByRole('button', { name: 'Begin' }).tap();
    await page.locator('.image-card.is-current img').waitFor();
    await page.reload();
    await page.locator('.image-card.is-current img').waitFor();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Help' });
    await help.getByRole('heading', { name: 'Good or bad' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await help.getByText('Guidelines').click();
    await takeScreenshot(page, 'studio-help-phone');
    expect(own).toEqual([expect.stringContaining('net::ERR_FAILED')]);
    await page.context().close();
  });
});

describe.runIf(hasBrowser)('a trial', () => {
  it('shows the owner what raters see, marked on every page, and nothing of it counts', async () => {
    const opened = owner.context().waitForEvent('page');
    await owner.getByRole('link', { name: /^Try as a rater/ }).click();
    const trial = await opened;
    await trial.getByRole('heading', { name: 'You are the owner in this browser' }).waitFor();
    expect(await barriersOf(trial)).toEqual([]);
    await trial.getByRole('button', { name: 'Try as a rater' }).click();
    await trial.getByText('Trial: nothing you do here counts.').waitFor();
    await trial.getByRole('button', { name: 'Begin' }).click();
    for (let i = 0; i < 6; i++) {
      await trial.locator('.image-card img').first().waitFor();
      await trial.keyboard.press('G');
      await expect
        .poll(async () => (await trial.locator('.progress-line b').innerText()) || '', { timeout: 60_000 })
        .toBe(String(i + 1));
    }
    await trial.getByText('TRIAL', { exact: true }).waitFor();
    expect(await barriersOf(trial)).toEqual([]);
    expect(await answers()).toBe(0);
    await trial.getByRole('button', { name: 'End the trial' }).click();
    await trial.getByRole('heading', { name: 'Raters' }).waitFor();
    await trial.close();
    // The owner's own tab is the owner's still.
    await owner.reload();
    await owner.getByRole('heading', { name: 'Raters' }).waitFor();
    expect(errors).toEqual([]);
  });
});

/** The width of what is drawn, in CSS pixels. */
const widthOf = async (image: Locator) => {
  const box = (await image.boundingBox())!;
  return Math.min(box.width, box.height);
};

describe.runIf(hasBrowser)('images', () => {
  it('are shown one at a time on a phone, by swipe and by buttons, and judged while enlarged', async () => {
    const { page, errors: own } = await comeAs('Phone', { width: 390, height: 844, hasTouch: true });
    const current = page.locator('.image-card.is-current img');
    expect(await page.locator('.image-card:visible').count()).toBe(1);
    expect(await widthOf(current)).toBeGreaterThanOrEqual(300);
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThanOrEqual(844);
    expect(await elementsTooWide(page)).toEqual([]);
    await takeScreenshot(page, 'studio-label-phone-light');
    const swipe = (from: number, to: number) =>
      page.evaluate(`{
        const target = document.querySelector('.image-card.is-current .image-frame');
        const touch = (x) => new Touch({ identifier: 1, target, clientX: x, clientY: 300 });
        target.dispatchEvent(new TouchEvent('touchstart', { bubbles: true, touches: [touch(${from})] }));
        target.dispatchEvent(new TouchEvent('touchend', { bubbles: true, changedTouches: [touch(${to})] }));
      }`);
    await swipe(300, 100);
    await page.getByRole('button', { name: 'Good, image 2' }).waitFor();
    await swipe(100, 300);
    await page.getByRole('button', { name: 'Good, image 1' }).waitFor();
    await page.getByRole('button', { name: 'Next image' }).tap();
    await page.getByRole('button', { name: 'Good, image 2' }).waitFor();
    await page.getByRole('button', { name: 'Enlarge image 2' }).tap();
    const zoom = page.getByRole('dialog', { name: 'Image 2 of 3, enlarged' });
    const large = zoom.locator('.zoom-image img');
    expect(await widthOf(large)).toBeGreaterThanOrEqual(await widthOf(current));
    expect(await barriersOf(page)).toEqual([]);
    await takeScreenshot(page, 'studio-enlarged-phone');
    await zoom.getByRole('button', { name: 'Bad, image 2' }).tap();
    for (const image of [3, 1])
      await page
        .getByRole('dialog')
        .getByRole('button', { name: `Good, image ${image}` })
        .tap();
    await expect.poll(answers).toBe(1);
    // The next query is enlarged as well, until the rater closes it.
    await page.getByRole('dialog', { name: 'Image 1 of 3, enlarged' }).waitFor();
    await page.getByRole('button', { name: 'Close the enlarged image' }).tap();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(own).toEqual([]);
    await page.context().close();
  });

  it('are judged while enlarged by the same keys', async () => {
    const { page } = await comeAs('Keys');
    const before = await answers();
    await page.keyboard.press('z');
    await page.getByRole('dialog').waitFor();
    for (const key of ['g', 'b', 'п']) {
      if (key === 'п') {
        await page.dispatchEvent('dialog', 'keydown', { key, code: 'KeyG', bubbles: true });
      } else await page.keyboard.press(key);
    }
    await expect.poll(answers).toBe(before + 1);
    await page.getByRole('dialog').locator('img').first().waitFor();
    await page.keyboard.press('B');
    await expect.poll(answers).toBe(before + 2);
    const log = await openFeedbackLog(project.paths.feedback).read();
    expect(log.slice(-6).map(({ label }) => label)).toEqual(['good', 'bad', 'good', 'bad', 'bad', 'bad']);
    await page.keyboard.press('z');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('are not smaller on an enlarged page, and larger when enlarged, side by side and in comparisons', async () => {
    await linkOf(owner, 'Results').click();
    await owner.getByRole('button', { name: 'Start a comparison' }).click();
    await owner.getByRole('heading', { name: 'tuned-0001 and base' }).waitFor();
    const { page } = await comeAs('Zoomer');
    const sizes: Record<string, number[]> = { label: [], compare: [] };
    for (const zoom of [1, 1.25, 1.5, 1.75, 2, 3]) {
      await page.setViewportSize({ width: Math.round(1280 / zoom), height: Math.round(800 / zoom) });
      for (const [name, path, image] of [
        ['label', '/label', '.image-card.is-current .image-frame'],
        ['compare', '/compare', '.side .image-frame'],
      ] as const) {
        await page.goto(`${studio.origin}${path}`);
        const shown = page.locator(image).first();
        await shown.waitFor();
        sizes[name]!.push(zoom * (await widthOf(shown)));
        await page.keyboard.press('z');
        const large = page.locator('.zoom-image img');
        expect([name, zoom, (await widthOf(large)) >= (await widthOf(shown))]).toEqual([name, zoom, true]);
        await page.keyboard.press('z');
      }
    }
    for (const [name, measured] of Object.entries(sizes)) {
      const [normal, ...enlarged] = measured;
      // A pixel of rounding.
      for (const size of enlarged) expect([name, measured, size >= normal! - 3]).toEqual([name, measured, true]);
    }
    await page.context().close();
  });

  it('of a comparison are at least 170 pixels wide on a phone, and judged while enlarged', async () => {
    const { page, errors: own } = await comeAs('Comparer', { width: 390, height: 844, dark: true, hasTouch: true });
    await page.goto(`${studio.origin}/compare`);
    await page.locator('.side img').first().waitFor();
    for (const image of await page.locator('.side img').all()) expect(await widthOf(image)).toBeGreaterThanOrEqual(170);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    expect(await elementsTooWide(page)).toEqual([]);
    // What answers is in reach without scrolling.
    const panel = page.getByRole('group', { name: 'Which side looks better?' });
    const { y, height } = (await panel.boundingBox())!;
    const next = (await page.getByRole('button', { name: 'Next', exact: true }).boundingBox())!;
    expect(y + height).toBeLessThanOrEqual(next.y);
    expect(next.y + next.height).toBeLessThanOrEqual(844);
    expect(await barriersOf(page)).toEqual([]);
    await takeScreenshot(page, 'studio-compare-phone');
    await page.getByRole('button', { name: 'Enlarge image 1 on the right' }).tap();
    const zoom = page.getByRole('dialog');
    expect(await widthOf(zoom.locator('.zoom-image img'))).toBeGreaterThanOrEqual(300);
    expect(await barriersOf(page)).toEqual([]);
    await takeScreenshot(page, 'studio-compare-enlarged-phone');
    await zoom.getByRole('button', { name: 'Left' }).tap();
    await zoom.getByRole('group', { name: 'Which side looks better?' }).waitFor();
    await page.keyboard.press('t');
    await zoom.getByRole('button', { name: 'Next', exact: true }).tap();
    await expect.poll(compared).toBe(1);
    expect(readComparisonEvents(project).at(-1)).toMatchObject({ alignment: 'left', fidelity: 'tie' });
    expect(own).toEqual([]);
    await page.context().close();
  });
});
