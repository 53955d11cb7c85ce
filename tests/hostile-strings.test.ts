// Hostile strings as prompts, names, reasons and file names, through every import, export, route and page: each is
// refused in one sentence or comes out as the text that it is, and nothing of it is run. Thirty of them, three hundred
// with `npm run test:faults`.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { parseHTML } from 'linkedom';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HeedError } from '../packages/heed/src/errors.ts';
import { exportImageFolder } from '../packages/heed/src/export/image-folder.ts';
import { exportLabelStudio } from '../packages/heed/src/export/label-studio.ts';
import { exportPairs } from '../packages/heed/src/export/preference-pairs.ts';
import { exportFeedback, exportImages } from '../packages/heed/src/export/tables.ts';
import { importFeedbackFile, openFeedbackLog, readRaters } from '../packages/heed/src/feedback/index.ts';
import { createImageStore, decodePng, type ImageStore } from '../packages/heed/src/images/index.ts';
import { importImages } from '../packages/heed/src/import/index.ts';
import { initProject, type Project } from '../packages/heed/src/project/index.ts';
import { exampleInput } from '../packages/heed/src/report/example-input.ts';
import { renderReport } from '../packages/heed/src/report/render-report.ts';
import { hostileStrings } from './hostile-strings.ts';
import { barriersOf, hasBrowser, launchBrowser, openPage } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const STRINGS = hostileStrings();
let folder: string;
let project: Project;
let store: ImageStore;
/** Those that were let in as prompts. */
let prompts: string[];
let studio: StudioProcess;
let cookie: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-hostile-'));
  project = await initProject(join(folder, 'project'), { overrides: ['label.imagesPerQuery=2'] });
  prompts = await importHostilePictures();
  store = createImageStore(project.paths.images);
  await importHostileJudgements();
  await mkdir(project.paths.reports);
  await writeFile(join(project.paths.reports, 'evaluate-0001.html'), hostileReport());
  studio = await startStudioProcess(project.folder);
  cookie = await studio.login();
});

afterAll(async () => {
  await studio?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A sentence for people: one line, no control character that a terminal would obey, not longer for longer input. */
function expectSentence(error: unknown, about: string): void {
  expect(error, about).toBeInstanceOf(HeedError);
  const { message } = error as HeedError;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(message.length).toBeLessThan(700);
}

/**
 * Two pictures of each string as a prompt; those that no prompt can be are refused by their line, and then left out.
 */
async function importHostilePictures(): Promise<string[]> {
  const pictures = join(folder, 'pictures');
  await mkdir(pictures);
  const kept: string[] = [];
  const rows: object[] = [];
  for (const [i, text] of STRINGS.entries()) {
    const own = ['a', 'b'].map((side) => ({ file_name: `${i}${side}.png`, text }));
    await writeFile(join(pictures, 'one.jsonl'), own.map((row) => `${JSON.stringify(row)}\n`).join(''));
    for (const [side, { file_name }] of own.entries()) {
      const background = { r: i % 256, g: 40 + 100 * side, b: i >> 8 };
      await writeFile(
        join(pictures, file_name),
        await sharp({ create: { width: 8, height: 8, channels: 3, background } })
          .png()
          .toBuffer(),
      );
    }
    const isPrompt = text.trim() !== '' && text.trim().length <= 2000 && !/[\p{Cc}\u2028\u2029]/u.test(text.trim());
    if (isPrompt) {
      rows.push(...own);
      kept.push(text.trim());
      continue;
    }
    const error = await importImages(project, join(pictures, 'one.jsonl')).catch((thrown: unknown) => thrown);
    expectSentence(error, JSON.stringify(text));
    expect((error as HeedError).message).toContain('one.jsonl, line 1: ');
  }
  await writeFile(join(pictures, 'metadata.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  expect(await importImages(project, pictures)).toMatchObject({ added: rows.length, quarantined: [] });
  return kept;
}

/** Each string as the name of a rater and as a reason, of one image each. */
async function importHostileJudgements(): Promise<void> {
  const path = join(folder, 'judged.csv');
  const images = store.all();
  let row = 0;
  const kept: Record<string, string>[] = [];
  for (const text of STRINGS) {
    const [good, bad] = [images[row % images.length]!, images[(row % images.length) + 1]!];
    const own = [good, bad].map(({ id }, i) => ({
      image: id,
      label: i === 0 ? 'good' : 'bad',
      rater: text,
      reason: i === 0 ? text.slice(0, 1900) : '',
      query: `query ${row}`,
    }));
    await writeFile(path, stringify(own, { header: true }));
    const result = await importFeedbackFile(project, path).catch((thrown: unknown) => thrown);
    if (result instanceof Error) expectSentence(result, JSON.stringify(text));
    else kept.push(...own);
    row += 2;
  }
  expect(kept.length).toBeGreaterThan(STRINGS.length);
}

function hostileReport(): string {
  const input = exampleInput();
  const [pair] = input.pairs!;
  return renderReport({
    ...input,
    title: STRINGS[0]!,
    facts: Object.fromEntries(STRINGS.map((text, i) => [`${i} ${text.slice(0, 200)}`, text.slice(0, 2000)])),
    gridPrompts: STRINGS.map((text) => text.slice(0, 2000)),
    pairs: STRINGS.slice(0, 40).map((text) => ({ ...pair!, prompt: text.slice(0, 2000) })),
  });
}

const isWellFormed = (text: string) => !text.includes('\ufffd') && text.isWellFormed();
const read = (name: string) => readFile(join(folder, name));
const utf8 = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

it('come out of every export as the texts that they are', async () => {
  const expected = prompts.map((text) => text.toWellFormed());
  await exportImages(project, join(folder, 'images.csv'));
  await exportFeedback(project, join(folder, 'feedback.csv'));
  for (const name of ['images.csv', 'feedback.csv']) {
    const rows = parse(utf8(await read(name)), { columns: true }) as Record<string, string>[];
    const cells = rows.flatMap((row) => Object.values(row));
    expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
    const shown = new Set(rows.map(({ prompt }) => prompt!.replace(/^'(?='*[=+\-@\t\r])/, '')));
    if (name === 'images.csv') expect([...shown].sort()).toEqual([...new Set(expected)].sort());
  }
  expect(await importFeedbackFile(project, join(folder, 'feedback.csv'))).toMatchObject({ added: 0 });

  await exportLabelStudio(project, join(folder, 'tasks.json'));
  const text = utf8(await read('tasks.json'));
  expect(text).not.toMatch(/\\ud[89a-f][0-9a-f]{2}/i);
  const tasks = JSON.parse(text) as { data: { prompt: string; image: string } }[];
  expect([...new Set(tasks.map(({ data }) => data.prompt))]).toEqual([...new Set(expected)]);
  for (const { data } of tasks)
    expect(data.image).toMatch(/^\/data\/local-files\/\?d=images\/[0-9a-f]{2}\/[0-9a-f]{16}\.png$/);
  expect(await importFeedbackFile(project, join(folder, 'tasks.json'))).toMatchObject({ added: 0 });

  await exportPairs(project, join(folder, 'train.parquet'));
  const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, 'train.parquet')) });
  for (const { caption, user_id } of rows) expect([caption, user_id].every((each) => each.isWellFormed())).toBe(true);

  await exportImageFolder(project, join(folder, 'dataset'));
  const files = await readdir(join(folder, 'dataset'), { recursive: true });
  expect(
    files.filter((file) => !/^(train|test|README\.md|(train|test)\/(metadata\.jsonl|[0-9a-f]{16}\.png))$/.test(file)),
  ).toEqual([]);
  expect(utf8(await readFile(join(folder, 'dataset/train/metadata.jsonl')))).not.toMatch(/\\ud[89a-f][0-9a-f]{2}/i);
});

it('lie in PNGs as texts, and what the log keeps can be read back', async () => {
  for (const { id, prompt, file } of store.all()) {
    expect(file).toMatch(/^[0-9a-f]{2}\/[0-9a-f]{16}\.png$/);
    const { parameters } = decodePng(await store.readPng(id));
    const [shown] = parameters!.split('\nSource: ');
    if (isWellFormed(prompt)) expect(shown).toBe(prompt);
  }
  const events = await openFeedbackLog(project.paths.feedback).read();
  expect(events.length).toBeGreaterThan(0);
  expect(readRaters(project).size).toBe(0);
});

it('are no markup in a report', async () => {
  const html = await readFile(join(project.paths.reports, 'evaluate-0001.html'), 'utf8');
  const { document } = parseHTML(html);
  const plain = parseHTML(renderReport(exampleInput())).document;
  for (const tag of [
    'script',
    'iframe',
    'object',
    'embed',
    'link',
    'base',
    'form',
    'input',
    'a',
    'template',
    'video',
  ]) {
    expect([tag, document.querySelectorAll(tag).length]).toEqual([tag, plain.querySelectorAll(tag).length]);
  }
  const handlers = [...document.querySelectorAll('*')].flatMap((element) =>
    element.getAttributeNames().filter((name: string) => name.startsWith('on')),
  );
  expect(handlers).toEqual([]);
});

interface Answered {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** By hand and on a separate connection: fetch would tidy paths up before they are sent. */
function send(method: string, path: string, body?: object): Promise<Answered> {
  const headers = { Cookie: cookie, Origin: studio.origin, 'Content-Type': 'application/json' };
  const port = Number(new URL(studio.origin).port);
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (incoming) => {
      let text = '';
      incoming.setEncoding('latin1').on('data', (chunk) => {
        text += chunk;
      });
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode!, type: incoming.headers['content-type'] ?? '', body: text }),
      );
    });
    outgoing.on('error', reject).end(body === undefined ? '' : JSON.stringify(body));
  });
}

it('are refused or taken by every route, and none ends in an error of the server', async () => {
  const bad: unknown[] = [];
  for (const text of STRINGS) {
    const inPath = encodeURIComponent(text.toWellFormed().slice(0, 4000));
    const inQuery = encodeURIComponent(text.toWellFormed().slice(0, 4000));
    const id = crypto.randomUUID();
    const requests: [string, string, object?][] = [
      ['GET', `/api/pictures/${inPath}`],
      ['GET', `/api/reports/${inPath}`],
      ['GET', `/api/training/${inPath}`],
      ['GET', `/api/jobs/${inPath}/events`],
      ['GET', `/api/data/downloads/${inPath}`],
      ['GET', `/api/images?prompt=${inQuery}&rater=${inQuery}&set=${inQuery}&category=${inQuery}`],
      ['GET', `/api/images?label=${inQuery}&${inQuery}=1`],
      ['POST', '/api/invites', { name: text, days: 1, maxUses: 1 }],
      ['POST', `/api/invites/${inPath}/revoke`],
      ['POST', '/api/labelling/answers', { id, query: text, labels: null, reason: text }],
      ['POST', '/api/labelling/answers', { id: text, query: text, labels: [text] }],
      ['POST', '/api/comparing/answers', { id, query: text, alignment: 'left', fidelity: 'tie' }],
      ['POST', '/api/comparisons', { models: [text, text] }],
      ['POST', `/api/comparisons/${inPath}/end`],
      ['POST', '/api/jobs', { kind: text }],
      ['POST', `/api/raters/${inPath}/set-aside`],
      ['POST', `/api/raters/${inPath}/take-back`],
    ];
    await Promise.all(
      requests.map(async ([method, path, body]) => {
        // A body of a megabyte may be refused while it is still being sent.
        const { status, type } = await send(method, path, body).catch(() => ({ status: 413, type: '' }));
        if (status >= 500) bad.push([method, path.slice(0, 100), text.slice(0, 60), status]);
        if (status < 300 && !/^(application\/json|image\/png|text\/csv)/.test(type))
          bad.push([path.slice(0, 60), type]);
      }),
    );
  }
  expect(bad).toEqual([]);
  expect((await send('GET', '/api/overview')).status).toBe(200);
});

/** Ways to say `../` and `/`, and what they are meant to reach. */
const UPS = [
  '../',
  '..%2f',
  '%2e%2e/',
  '%2e%2e%2f',
  '..%252f',
  '..%5c',
  '..\\\\',
  '....//',
  '..%c0%af',
  '.%2e/',
] as const;
const TARGETS = [
  'heed.toml',
  '.heed/studio/secret',
  'feedback.jsonl',
  'etc/passwd',
  'reports/evaluate-0001.html',
] as const;
const PLACES = ['/api/pictures/', '/api/reports/', '/api/data/downloads/', '/assets/', '/'] as const;

it('lead no route to a file by a path, in a hundred spellings', async () => {
  const secret = await readFile(join(project.folder, '.heed/studio/secret'), 'utf8');
  const spellings = UPS.flatMap((up) => [1, 2].flatMap((depth) => TARGETS.map((target) => up.repeat(depth) + target)));
  expect(spellings).toHaveLength(100);
  const wanted = process.env.HEED_FAULTS === undefined ? PLACES.slice(0, 3) : PLACES;
  const found: unknown[] = [];
  for (const spelling of spellings) {
    await Promise.all(
      wanted.map(async (place) => {
        const { status, body } = await send('GET', `${place}${spelling}`);
        const isPage = status === 200 && body.startsWith('<!doctype html>') && !body.includes('hacked');
        const leaks = body.includes(secret) || body.includes('root:') || body.includes('imagesPerQuery');
        if (leaks || (status !== 404 && status !== 400 && !isPage)) found.push([place, spelling, status]);
      }),
    );
  }
  expect(found).toEqual([]);
});

const settled = (page: Page) => page.locator('main h1').waitFor();

it.runIf(hasBrowser)('are shown by every page as texts, and nothing of them runs', async () => {
  const browser: Browser = await launchBrowser();
  try {
    const { page, errors } = await openPage(browser, { width: 1280, height: 900 });
    page.on('dialog', () => errors.push('a dialog was opened'));
    page.on('request', (request) => {
      if (!request.url().startsWith(studio.origin) && !/^(data|blob):/.test(request.url())) errors.push(request.url());
    });
    const [name, value] = cookie.split('=') as [string, string];
    await page.context().addCookies([{ name, value, url: studio.origin }]);
    for (const path of [
      '/',
      '/images',
      '/raters',
      '/rewards',
      '/training',
      '/results',
      '/data',
      '/compare',
      '/label',
    ]) {
      await page.goto(`${studio.origin}${path}`);
      await (path === '/label' || path === '/compare' ? page.locator('main').waitFor() : settled(page));
      if (path === '/images') {
        await page.locator('.gallery li').first().waitFor();
        const shown = await page.locator('.gallery p[dir=auto]').allInnerTexts();
        expect(shown.filter((text) => text.includes('hacked()')).length).toBeGreaterThan(0);
      }
      if (path === '/results') {
        await page.frameLocator('iframe.report').getByRole('heading').first().waitFor();
      }
    }
    await importOnPage(page);
    // The browser's own remark on the file that was to be refused.
    expect(errors).toEqual(['Failed to load resource: the server responded with a status of 409 (Conflict)']);
  } finally {
    await browser.close();
  }
});

/** The owner's page: a bad file says why in its own words, pictures with a list come in, a table goes out. */
async function importOnPage(page: Page): Promise<void> {
  await page.goto(`${studio.origin}/data`);
  const judgements = page.locator('section', { has: page.getByRole('heading', { name: 'Import judgements' }) });
  const bad = {
    name: '<img src=x onerror=hacked()>.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('image,label\nx,good\n'),
  };
  await judgements.locator('input[type=file]').setInputFiles(bad);
  await judgements.getByRole('button', { name: 'Import' }).click();
  await judgements.getByRole('alert').waitFor();
  expect(await judgements.getByRole('alert').innerText()).toContain(
    "'<img src=x onerror=hacked()>.csv', line 2: expected the id",
  );

  const pictures = page.locator('section', { has: page.getByRole('heading', { name: 'Import pictures' }) });
  const file = (fileName: string, buffer: Buffer) => ({ name: fileName, mimeType: 'application/octet-stream', buffer });
  const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'blue' } })
    .png()
    .toBuffer();
  const list = JSON.stringify({ file_name: 'blue.png', text: '<b onclick=hacked()>a blue square</b>' });
  await pictures
    .locator('input[type=file]')
    .setInputFiles([file('blue.png', png), file('metadata.jsonl', Buffer.from(list))]);
  await pictures.getByLabel(/^Set/).fill('own');
  await pictures.getByRole('button', { name: 'Import' }).click();
  await pictures.getByText('1 images taken in, 0 known already, 0 left out.').waitFor();
  expect(createImageStore(project.paths.images).all({ set: 'own' })).toHaveLength(1);
  await page.getByText('How the tasks get into Label Studio').click();
  await page.getByText('<Choices name="label"').waitFor();
  expect(await barriersOf(page)).toEqual([]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Judgements' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('feedback.csv');
  expect(await readFile((await download.path())!, 'utf8')).toMatch(/^image,label,rater,/);
}

it('never named a file outside of the project', async () => {
  expect((await readdir(folder)).sort()).toEqual(
    [
      'dataset',
      'feedback.csv',
      'images.csv',
      'judged.csv',
      'pictures',
      'project',
      'tasks.json',
      'train.parquet',
    ].sort(),
  );
  const known = [
    '.gitignore',
    '.heed',
    'comparisons.jsonl',
    'comparisons.sums',
    'feedback.jsonl',
    'feedback.sums',
    'heed.toml',
    'images',
    'raters.jsonl',
    'raters.sums',
    'reports',
  ];
  expect((await readdir(project.folder)).filter((name) => !known.includes(name))).toEqual([]);
});
