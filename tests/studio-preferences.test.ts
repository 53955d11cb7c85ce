// Label studies that ask which image is better, in a real browser: pairs by keys in German, the best of three by touch.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFeedbackLog } from '../packages/heed/src/feedback/index.ts';
import { statedPreferences } from '../packages/heed/src/feedback/preferences.ts';
import type { Project } from '../packages/heed/src/project/project.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { barriersOf, elementsTooWide, hasBrowser, launchBrowser, openPage, takeScreenshot } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

let folder: string;
let browser: Browser;
beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-preferences-'));
  browser = await launchBrowser();
});
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function withStudio(kind: string, use: (studio: StudioProcess, project: Project) => Promise<void>) {
  const overrides = [`label.kind=${kind}`, 'label.minAnswerMs=0'];
  const project = await makeDrawnProject(join(folder, kind), { prompts: 2, imagesPerPrompt: 6, overrides });
  const studio = await startStudioProcess(project.folder);
  try {
    await use(studio, project);
  } finally {
    await studio.stop();
  }
}
const stated = async ({ paths }: Project) => statedPreferences(await openFeedbackLog(paths.feedback).read());

it.runIf(hasBrowser)('pairs are judged by keys, undone, and tied', async () => {
  await withStudio('pair', async (studio, project) => {
    const { page, errors } = await openPage(browser, { locale: 'de' });
    await page.goto(studio.link);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(new URL('/label', studio.link).href);
    await page.getByText('Welches Bild zeigt besser, was der Text sagt?').waitFor();
    expect(await page.locator('.image-card img').count()).toBe(2);
    expect(await barriersOf(page)).toEqual([]);
    const saved = (count: number) =>
      expect.poll(async () => (await stated(project)).length, { timeout: 120_000 }).toBe(count);
    await page.keyboard.press('2');
    await saved(1);
    await page.keyboard.press('u');
    await saved(0);
    await page.keyboard.press('1');
    await saved(1);
    await page.locator('.image-card img').first().waitFor();
    await page.keyboard.press('Shift+G');
    await saved(2);
    expect((await stated(project)).map(({ isTie }) => isTie)).toEqual([false, true]);
    await page.getByRole('button', { name: 'Bild 2 ist am besten' }).click();
    await saved(3);
    await page.keyboard.press('?');
    await page.getByRole('cell', { name: 'Kein Bild ist besser', exact: true }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});

it.runIf(hasBrowser)('the best of three is chosen by touch, also enlarged', async () => {
  await withStudio('best', async (studio, project) => {
    const { page, errors } = await openPage(browser, { width: 390, height: 844, dark: true, hasTouch: true });
    await page.goto(studio.link);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(new URL('/label', studio.link).href);
    await page.getByText('Which image shows best what the text says?').waitFor();
    expect([await barriersOf(page), await elementsTooWide(page)]).toEqual([[], []]);
    await takeScreenshot(page, 'studio-label-best-phone');
    const saved = (count: number) =>
      expect.poll(async () => (await stated(project)).length, { timeout: 120_000 }).toBe(count);
    await page.getByRole('button', { name: 'Image 1 is the best' }).tap();
    await saved(2);
    await page.getByRole('button', { name: 'Enlarge image 1', exact: true }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Image 1 is the best' }).tap();
    await saved(4);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
