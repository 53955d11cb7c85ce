/** A browser for the studio's pages: Debian's Chromium, and axe to look for barriers. For tests alone. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import sharp from 'sharp';

const CHROMIUM = process.env.HEED_CHROMIUM ?? '/usr/bin/chromium';
const IMAGES = fileURLToPath(new URL('../docs/images/studio/', import.meta.url));
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Long: a busy machine is no failure. */
const TIMEOUT_MS = 120_000;

/** True where there is a browser; without one the pages' tests are left out on a developer's machine. */
export const hasBrowser = existsSync(CHROMIUM);

/** `hosts`: names that lead to this machine, as a name on a local network does; pages there have no secure context. */
export async function launchBrowser(options: { hosts?: readonly string[] } = {}): Promise<Browser> {
  const rules = (options.hosts ?? []).map((host) => `MAP ${host} 127.0.0.1`).join(', ');
  const args = ['--no-sandbox', ...(rules === '' ? [] : [`--host-resolver-rules=${rules}`])];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/** A page in a separate context, with its errors collected. */
export async function openPage(browser: Browser, options: PageOptions = {}): Promise<{ page: Page; errors: string[] }> {
  return addPage(await newContext(browser, options));
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  readonly hasTouch?: boolean;
  /** 'de' */
  readonly locale?: string;
  /** Device pixels a CSS pixel: 2 with half the size is a page enlarged to 200 %. */
  readonly scale?: number;
}

/** A separate browser: cookies and storage are shared by its pages alone. */
export async function newContext(browser: Browser, options: PageOptions = {}): Promise<BrowserContext> {
  const { width = 1280, height = 800, dark = false, hasTouch = false, locale, scale } = options;
  return browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? 'dark' : 'light',
    hasTouch,
    reducedMotion: 'reduce',
    ...(locale === undefined ? {} : { locale }),
    ...(scale === undefined ? {} : { deviceScaleFactor: scale }),
  });
}

/** Another tab of the same browser, with its errors collected. */
export async function addPage(context: BrowserContext): Promise<{ page: Page; errors: string[] }> {
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return { page, errors };
}

/**
 * The page of that name in the bar at the top; what is under way may stand in the page with a link of the same name.
 */
export function linkOf(page: Page, name: string): Locator {
  return page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true });
}

/** What axe finds on the page as it is; `rules` alone where they are given. */
export async function barriersOf(page: Page, { rules }: { rules?: readonly string[] } = {}): Promise<string[]> {
  // Not by a script tag: the pages' own policy forbids foreign ones.
  if (!(await page.evaluate<boolean>('"axe" in globalThis'))) await page.evaluate(await readFile(AXE, 'utf8'));
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run(only === undefined ? {} : { runOnly: [...only] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, rules);
}

/** True where the page as a whole scrolls sideways. */
export async function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** Elements of the page that reach beyond its right edge; those inside a frame that scrolls may. */
export async function elementsTooWide(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`{
    const scrolls = (element) =>
      element !== null && (/auto|scroll/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    [...document.querySelectorAll('main *')]
      .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
      .filter((each) => !scrolls(each.parentElement))
      .map((each) => each.outerHTML.slice(0, 150));
  }`);
}

/** Buttons whose text is wider or higher than they are. */
export async function cutButtons(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('button, a.button')]
    .filter((each) => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1)
    .map((each) => each.outerHTML.slice(0, 150))`);
}

/** The largest picture that the documentation takes. */
const MAX_SCREENSHOT_BYTES = 150_000;

/**
 * Writes docs/images/studio/<name>.png where HEED_SCREENSHOTS is set: pictures of the documentation, taken by the
 * tests.
 */
export async function takeScreenshot(page: Page, name: string, options: { height?: number } = {}): Promise<void> {
  if (process.env.HEED_SCREENSHOTS === undefined) return;
  const viewport = page.viewportSize()!;
  const { height = viewport.height } = options;
  await page.setViewportSize({ width: viewport.width, height });
  await page.evaluate('scrollTo(0, 0)');
  // Pictures below the fold load as they are scrolled to.
  await page.evaluate(
    'document.querySelectorAll("img[loading=lazy]").forEach((image) => { image.loading = "eager"; })',
  );
  // Asked again and again from here: the pages' policy lets nothing be evaluated inside.
  while (!(await page.evaluate<boolean>('[...document.images].every((image) => image.complete)')))
    await page.waitForTimeout(50);
  const taken = await page.screenshot();
  await page.setViewportSize(viewport);
  const png = await smallPng(taken);
  if (png === undefined) throw new Error(`${name}.png: more than ${MAX_SCREENSHOT_BYTES} bytes in any palette`);
  await mkdir(IMAGES, { recursive: true });
  await writeFile(join(IMAGES, `${name.replace(/^studio-/, '')}.png`), png);
}

/**
 * A palette is a third of the bytes, and these are no photographs; what untrained models draw is noise and may need
 * fewer colours.
 */
async function smallPng(picture: Buffer): Promise<Buffer | undefined> {
  for (const colours of [64, 24, 12]) {
    const png = await sharp(picture).png({ palette: true, colours, effort: 10 }).toBuffer();
    if (png.length <= MAX_SCREENSHOT_BYTES) return png;
  }
  return undefined;
}
