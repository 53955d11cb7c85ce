// Every page, dialog and the report: axe finds nothing, light and dark, wide and narrow, and no page scrolls sideways.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  barriersOf,
  cutButtons,
  elementsTooWide,
  hasBrowser,
  scrollsSideways,
  takeScreenshot,
} from './studio-browser.ts';
import { LISTED_PAGES } from './studio-page-list.ts';
import { openWholeStudio, type WholeStudio } from './whole-studio.ts';

const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
/** All that differs between the four looks is in their colours and their width: the other rules need two. */
const LOOKS = [
  { colorScheme: 'light', size: WIDE },
  { colorScheme: 'dark', size: WIDE, rules: ['color-contrast'] },
  { colorScheme: 'light', size: PHONE, rules: ['color-contrast'] },
  { colorScheme: 'dark', size: PHONE },
] as const;

let folder: string;
let studio: WholeStudio;

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-barriers-'));
  studio = await openWholeStudio(folder);
});
afterAll(async () => {
  if (!hasBrowser) return;
  await studio?.close();
  await rm(folder, { recursive: true, force: true });
});

/** Faults of all looks at once, so that one run tells all that is wrong with a page. */
async function expectNoBarriers(
  page: Page,
  { name, picture }: { name: string; picture?: string | undefined },
): Promise<void> {
  const faults: unknown[] = [];
  for (const { colorScheme, size, ...only } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize(size);
    const found = [...(await barriersOf(page, only)), ...(await elementsTooWide(page)), ...(await cutButtons(page))];
    if (await scrollsSideways(page)) found.push('scrolls sideways');
    if (found.length > 0) faults.push([colorScheme, size.width, found]);
    await keepLook(page, `${name} ${colorScheme} ${size.width}`);
    if (picture !== undefined && colorScheme === 'light') {
      await takeScreenshot(page, size === WIDE ? picture : `${picture}-phone`);
    }
  }
  expect(faults).toEqual([]);
}

/** Where HEED_LOOKS names a folder, a picture of every look of every page goes there, to be looked at. */
async function keepLook(page: Page, name: string): Promise<void> {
  const looks = process.env.HEED_LOOKS;
  if (looks === undefined) return;
  await mkdir(looks, { recursive: true });
  await page.screenshot({ path: join(looks, `${name.toLowerCase().replaceAll(/\W+/g, '-')}.png`) });
}

describe.runIf(hasBrowser)('nobody is kept out of', () => {
  it.each(LISTED_PAGES.map((listed) => [listed.name, listed] as const))('%s', async (name, { as, open, picture }) => {
    const page = studio.pages[as];
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    await page.setViewportSize(WIDE);
    await open(page, { origin: studio.originOf(as), link: studio.link, revoke: studio.revoke });
    await expectNoBarriers(page, { name, picture });
  });

  it('the report', async () => {
    const page = studio.pages.anybody;
    await page.goto(pathToFileURL(join(studio.folder, 'reports/evaluate-demo.html')).href);
    await expectNoBarriers(page, { name: 'report' });
  });
});

it.runIf(hasBrowser)('pages with figures say how many judgements a program made', async () => {
  const page = studio.pages.owner;
  const origin = studio.originOf('owner');
  for (const path of ['/', '/images', '/raters', '/rewards', '/training', '/results']) {
    await page.goto(origin + path);
    await page.getByText(/^36 of \d+ judgements of images are simulated/).waitFor();
  }
  await page.goto(origin);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  expect(await page.locator('.panel.next h2').innerText()).not.toBe('Evaluate');
  // Pages of sessions that were ended learn it by 401.
  expect(studio.errors().filter((error) => !error.includes('status of 401'))).toEqual([]);
});
