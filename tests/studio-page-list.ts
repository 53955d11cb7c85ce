/**
 * Every page and dialog of the studio, for checks that are the same for all (studio-barriers.test.ts). A new page or
 * dialog is added here. They are opened in this order: later ones may need what earlier ones did. For tests alone.
 */

import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { Visitor } from './whole-studio.ts';

export interface OpenOptions {
  readonly origin: string;
  /** An invite's. */
  readonly link: string;
  /** Ends that invite. */
  revoke(): Promise<void>;
}

export interface ListedPage {
  readonly name: string;
  readonly as: Visitor;
  /** Opens it; the page is logged in as `as` says. */
  readonly open: (page: Page, options: OpenOptions) => Promise<void>;
  /** The name of its pictures in the documentation, where no other test takes them. */
  readonly picture?: string;
}

const withPicture = (listed: ListedPage, picture: string): ListedPage => ({ ...listed, picture });

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor();
const dialog = (page: Page) => page.getByRole('dialog').waitFor();

/** A page of owners with that heading. */
const plain = (path: string, name: string, more?: (page: Page) => Promise<void>): ListedPage => ({
  name,
  as: 'owner',
  async open(page, { origin }) {
    await page.goto(origin + path);
    await heading(page, name);
    await page.getByText('Loading…').waitFor({ state: 'detached' });
    await more?.(page);
  },
});

/** What follows a link or a button of another page. */
const after = (before: ListedPage, name: string, more: (page: Page) => Promise<void>): ListedPage => ({
  ...before,
  name,
  async open(page, options) {
    await before.open(page, options);
    await more(page);
  },
});

/** A dialog that a key opens. */
const byKey = (before: ListedPage, name: string, key: string): ListedPage =>
  after(before, name, async (page) => {
    await page.keyboard.press(key);
    await dialog(page);
  });

/** A dialog that the first button of that name opens. */
const byButton = (before: ListedPage, name: string, button: RegExp): ListedPage =>
  after(before, name, async (page) => {
    await page.getByRole('button', { name: button }).first().click();
    await dialog(page);
  });

/** Images to judge, past the guidelines. */
const labelling = (name: string, as: Visitor): ListedPage => ({
  name,
  as,
  async open(page, { origin }) {
    await page.goto(`${origin}/label`);
    const begin = page.locator('.guidelines-first button');
    await page.locator('.image-card.is-current img').or(begin).first().waitFor();
    if (await begin.isVisible()) await begin.click();
    await page.locator('.image-card.is-current img').waitFor();
  },
});

const comparing = (name: string, as: Visitor): ListedPage => ({
  name,
  as,
  async open(page, { origin }) {
    await page.goto(`${origin}/compare`);
    await page.locator('.side img').first().waitFor();
  },
});

/** The end of the work, which is done by keys. Slowly: a mark counts once it is not changed any more. */
const finished = (before: ListedPage, name: string, keys: readonly string[]): ListedPage =>
  after(before, name, async (page) => {
    const press = async () => {
      for (const key of keys) await page.keyboard.press(key);
      return page.locator('main h1').innerText();
    };
    await expect.poll(press, { interval: 1000 }).toBe('All done, thank you');
  });

const images = plain('/images', 'Images');
const anImage = after(images, 'one image', async (page) => {
  await page
    .getByRole('link', { name: /all about this picture/ })
    .first()
    .click();
  await page.getByRole('heading', { name: 'Who said what' }).waitFor();
});
const raters = plain('/raters', 'Raters');
const runs = plain('/runs', 'Runs', (page) => page.locator('.run').first().waitFor());
const owners = plain('/owners', 'Owners');
const asOwner = labelling('labelling, as the owner', 'owner');
const asRater = labelling('labelling', 'rater');
const asGerman = labelling('labelling, in German', 'German');
const asChooser = labelling('which image is better', 'chooser');
const comparison = comparing('comparing', 'rater');
const germanComparison = comparing('comparing, in German', 'German');

const OWNER_PAGES: readonly ListedPage[] = [
  plain('/', 'Overview'),
  images,
  byButton(images, 'an enlarged image', /^Enlarge/),
  anImage,
  byButton(anImage, 'deleting an image', /^Delete…/),
  raters,
  byButton(raters, 'revoking an invite', /^Revoke…/),
  withPicture(byButton(raters, 'the QR code of an invite', /^QR code/), 'qr-code'),
  after(raters, 'one rater', async (page) => {
    await page
      .getByRole('link', { name: /Longname/ })
      .last()
      .click();
    await page.getByRole('heading', { name: 'Answers' }).waitFor();
  }),
  plain('/guidelines', 'Guidelines'),
  plain('/rewards', 'Rewards'),
  plain('/rounds', 'Rounds', (page) => page.getByRole('row', { name: /tuned-2/ }).waitFor()),
  plain('/training', 'Training'),
  runs,
  after(runs, 'runs over each other', async (page) => {
    for (const name of ['tuned', 'tuned-2']) await page.getByRole('checkbox', { name, exact: true }).check();
    await page.getByRole('img', { name: /^Loss over/ }).waitFor();
  }),
  byButton(runs, 'renaming a run', /^Rename/),
  byButton(runs, 'deleting a run', /^Delete…/),
  plain('/try', 'Try', (page) => page.locator('.try-pictures img').nth(3).waitFor()),
  plain('/results', 'Results', (page) => page.getByRole('article', { name: 'tuned and base' }).waitFor()),
  byButton(plain('/results', 'Results'), 'ending a comparison', /^End…/),
  plain('/data', 'Data'),
  owners,
  byButton(owners, "ending an owner's access", /^End access…/),
  asOwner,
  after(asOwner, 'a known answer', async (page) => {
    await page.getByRole('button', { name: 'Known answer' }).click();
    await dialog(page);
  }),
];

const RATER_PAGES: readonly ListedPage[] = [
  {
    name: 'guidelines before the first image',
    as: 'rater',
    async open(page, { origin }) {
      await page.goto(`${origin}/label`);
      await page.locator('.guidelines-first').waitFor();
    },
  },
  asRater,
  byKey(asRater, 'an enlarged candidate', 'z'),
  byKey(asRater, 'help', '?'),
  withPicture(byKey(asRater, 'skip', 's'), 'skip'),
  asGerman,
  byKey(asGerman, 'an enlarged candidate, in German', 'z'),
  byKey(asGerman, 'help, in German', '?'),
  byKey(asGerman, 'skip, in German', 's'),
  asChooser,
  byKey(asChooser, 'an enlarged candidate for the best', 'z'),
  byKey(asChooser, 'help of preferences', '?'),
  finished(asChooser, 'the end of labelling', ['1']),
  germanComparison,
  byKey(germanComparison, 'an enlarged side, in German', 'z'),
  comparison,
  byKey(comparison, 'an enlarged side', 'z'),
  byKey(comparison, 'help of comparing', '?'),
  finished(comparison, 'the end of comparing', ['ArrowLeft', 'ArrowLeft', 'Enter']),
  // What the rater said just now is there to be looked at.
  byButton(plain('/results', 'Results'), 'an enlarged image of a decided prompt', /^Enlarge image 1 by tuned/),
];

const byLink = (name: string, as: Visitor, of: RegExp): ListedPage => ({
  name,
  as,
  async open(page, { link }) {
    await page.goto(link);
    await page.getByText(of).first().waitFor();
  },
});

/** A page that says that there is no session, and why. */
const without = (name: string, as: Visitor, { title, open }: { title: string; open: ListedPage['open'] }) => ({
  name,
  as,
  async open(page: Page, options: OpenOptions) {
    await open(page, options);
    await heading(page, title);
  },
});

/** The last ones end the invite: its raters can do nothing afterwards. */
const ENDS: readonly ListedPage[] = [
  withPicture(
    without('a login link that is not whole', 'anybody', {
      title: 'heed studio',
      async open(page, { origin }) {
        await page.goto(`${origin}/login#${'x'.repeat(43)}`);
        await page.getByRole('alert').waitFor();
      },
    }),
    'login-failed',
  ),
  withPicture(
    without('a session that is over', 'chooser', {
      title: 'Your visit is over',
      async open(page) {
        await page.context().clearCookies();
        await page.reload();
      },
    }),
    'session-over',
  ),
  withPicture(
    without('an invitation that was ended', 'rater', {
      title: 'Your invitation has ended',
      async open(page, { origin, revoke }) {
        await revoke();
        await page.goto(`${origin}/label`);
      },
    }),
    'invitation-ended',
  ),
  without('an invitation that was ended, in German', 'German', {
    title: 'Ihre Einladung ist beendet',
    open: async (page, { origin }) => void (await page.goto(`${origin}/label`)),
  }),
  byLink('a link that was ended', 'anybody', /Your invitation has ended/),
];

export const LISTED_PAGES: readonly ListedPage[] = [
  ...OWNER_PAGES,
  ...RATER_PAGES,
  withPicture(byLink('joining', 'anybody', /A name for you/), 'joining'),
  byLink('joining, as the owner', 'owner', /You are the owner in this browser/),
  byLink('joining again', 'German', /weitermachen/),
  withPicture(
    without('no session', 'anybody', {
      title: 'heed studio',
      open: async (page, { origin }) => void (await page.goto(origin)),
    }),
    'login',
  ),
  ...ENDS,
];
