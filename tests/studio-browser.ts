/** A browser for the studio's pages: Debian's Chromium, and axe to look for barriers. For tests alone. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.HEED_CHROMIUM ?? '/usr/bin/chromium';
const IMAGES = fileURLToPath(new URL('../docs/images/', import.meta.url));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Long: a busy machine is no failure. */
const TIMEOUT_MS = 45_000;

/** True where there is a browser; without one the pages' tests are left out on a developer's machine. */
export const hasBrowser = existsSync(CHROMIUM);

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** A page in a context of its own, with its errors collected. */
export async function openPage(
  browser: Browser,
  options: { width?: number; height?: number; dark?: boolean; hasTouch?: boolean } = {},
): Promise<{ page: Page; errors: string[] }> {
  const { width = 1280, height = 800, dark = false, hasTouch = false } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return { page, errors };
}

/** What axe finds on the page as it is. */
export async function barriersOf(page: Page): Promise<string[]> {
  // Not by a script tag: the pages' own policy forbids foreign ones.
  await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
}

/** Writes docs/images/<name>.png where HEED_SCREENSHOTS is set: pictures of the documentation, taken by the tests. */
export async function takeScreenshot(page: Page, name: string): Promise<void> {
  if (process.env.HEED_SCREENSHOTS === undefined) return;
  await page.screenshot({ path: `${IMAGES}${name}.png` });
}
