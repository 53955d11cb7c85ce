/** A studio with an owner's page in Chromium. For tests alone. */
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, openPage } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

export interface OwnerSession {
  readonly studio: StudioProcess;
  readonly browser: Browser;
  readonly page: Page;
  /** What the page complained of. */
  readonly errors: string[];
  readonly close: () => Promise<void>;
}

/** Serves a project and opens the login link. */
export async function openOwnerSession(project: string): Promise<OwnerSession> {
  const [studio, browser] = await Promise.all([startStudioProcess(project), launchBrowser()]);
  const { page, errors } = await openPage(browser);
  await page.goto(studio.link);
  const close = async () => {
    await browser.close();
    await studio.stop();
  };
  return { studio, browser, page, errors, close };
}
