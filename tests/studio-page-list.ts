/**
 * Every page and dialog of the studio, for checks that are the same for all (studio-barriers.test.ts). A new page is
 * added here. For tests alone.
 */
import type { Page } from 'playwright-core';

export interface ListedPage {
  readonly name: string;
  readonly as: 'owner' | 'rater' | 'anybody';
  /** Opens it; the page is logged in as `as` says. `link`: an invite's. */
  readonly open: (page: Page, options: { origin: string; link: string }) => Promise<void>;
}

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor();

/** A page with that heading. */
const plain = (path: string, name: string): ListedPage => ({
  name,
  as: 'owner',
  async open(page, { origin }) {
    await page.goto(origin + path);
    await heading(page, name);
    await page.getByText('Loading…').waitFor({ state: 'detached' });
  },
});

const labelling = async (page: Page, origin: string) => {
  await page.goto(`${origin}/label`);
  await page.locator('.image-card img').first().waitFor();
};

/** A dialog over labelling, by its key. */
const overLabelling = (name: string, as: ListedPage['as'], key: string): ListedPage => ({
  name,
  as,
  async open(page, { origin }) {
    await labelling(page, origin);
    await page.keyboard.press(key);
    await page.getByRole('dialog').waitFor();
  },
});

export const LISTED_PAGES: readonly ListedPage[] = [
  plain('/', 'Overview'),
  plain('/images', 'Images'),
  plain('/raters', 'Raters'),
  plain('/guidelines', 'Guidelines'),
  plain('/rewards', 'Rewards'),
  plain('/training', 'Training'),
  plain('/results', 'Results'),
  plain('/data', 'Data'),
  {
    name: 'an enlarged image',
    as: 'owner',
    async open(page, { origin }) {
      await page.goto(`${origin}/images`);
      await page.locator('.gallery-image').first().click();
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'the QR code of an invite',
    as: 'owner',
    async open(page, { origin }) {
      await page.goto(`${origin}/raters`);
      await page
        .getByRole('button', { name: /^QR code/ })
        .first()
        .click();
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'labelling, as the owner', as: 'owner', open: (page, { origin }) => labelling(page, origin) },
  { name: 'labelling', as: 'rater', open: (page, { origin }) => labelling(page, origin) },
  overLabelling('help', 'rater', '?'),
  overLabelling('skip', 'rater', 's'),
  {
    name: 'comparing',
    as: 'rater',
    async open(page, { origin }) {
      await page.goto(`${origin}/compare`);
      await page.locator('.side img, .notice').first().waitFor();
    },
  },
  {
    name: 'joining',
    as: 'anybody',
    async open(page, { link }) {
      await page.goto(link);
      await page.getByLabel('A name for you').waitFor();
    },
  },
  {
    name: 'no session',
    as: 'anybody',
    async open(page, { origin }) {
      await page.goto(origin);
      await heading(page, 'heed studio');
    },
  },
];
