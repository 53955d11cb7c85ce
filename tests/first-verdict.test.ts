// From the README's commands to the first verdict: a new owner runs them, three people compare, the results say who
// won.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { barriersOf, hasBrowser, launchBrowser, linkOf, openPage } from './studio-browser.ts';
import { type StudioProcess, startStudioProcess } from './studio-process.ts';

const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));
const PROMPTS = 2;
/** As small as the commands allow: what is tried is the way, not what it brings. */
const SMALL = [
  'reward.epochs=2',
  'tune.steps=1',
  'tune.batchSize=2',
  'tune.sampleEverySteps=0',
  'tune.pretrainingImages=8',
  'sample.steps=4',
  `evaluate.promptLimit=${PROMPTS}`,
  'evaluate.imagesPerPrompt=2',
  'evaluate.bestOf=2',
  'evaluate.fidelityImages=0',
];

let parent: string;
let folder: string;
let studio: StudioProcess;
let browser: Browser;

async function heed(args: readonly string[], cwd = folder): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [HEED, ...args], { cwd });
  return stdout;
}

beforeAll(async () => {
  if (!hasBrowser) return;
  parent = await mkdtemp(join(tmpdir(), 'heed-first-verdict-'));
  folder = join(parent, 'my-project');
  await heed(['init', 'my-project', ...SMALL.flatMap((setting) => ['--set', setting])], parent);
  await heed(['generate', '--set', 'generate.promptLimit=20', '--set', 'generate.imagesPerPrompt=3']);
  await heed(['label', '--simulate']);
  await heed(['reward']);
  await heed(['tune']);
  await heed(['evaluate']);
  [studio, browser] = await Promise.all([startStudioProcess(folder), launchBrowser()]);
}, 600_000);
afterAll(async () => {
  if (!hasBrowser) return;
  await browser?.close();
  await studio?.stop();
  await rm(parent, { recursive: true, force: true });
});

/** Joins by the link and prefers what stands left until nothing is left. */
async function compareAs(name: string, invite: string, isTouch: boolean): Promise<void> {
  const { page, errors } = await openPage(browser, isTouch ? { width: 390, height: 844, hasTouch: true } : {});
  await page.goto(invite);
  await page.getByLabel('A name for you').fill(name);
  await page.getByRole('button', { name: 'Start' }).click();
  for (let i = 0; i < PROMPTS; i++) {
    await page.locator('.side img').first().waitFor();
    await answerOne(page);
  }
  await page.getByRole('heading', { name: 'All done, thank you' }).waitFor();
  expect(errors).toEqual([]);
  await page.context().close();
}

async function answerOne(page: Page): Promise<void> {
  for (const question of ['Which side fits the text better?', 'Which side looks better?']) {
    await page.getByRole('group', { name: question }).getByRole('button', { name: 'Left' }).click();
  }
  await page.getByRole('button', { name: 'Next' }).click();
}

it.runIf(hasBrowser)('three people come to a verdict, which the command says, too', async () => {
  const { page, errors } = await openPage(browser);
  await page.goto(studio.link);
  await linkOf(page, 'Compare').click();
  await page.getByRole('button', { name: 'Start a comparison' }).click();
  await page.locator('.side img').first().waitFor();
  await linkOf(page, 'Results').click();
  await page.getByText(`${3 * PROMPTS} answers are still open`).waitFor();
  await page.getByRole('button', { name: 'Invite people' }).click();
  await page.getByText('This link opens on this computer alone.').waitFor();
  const invite = await page.locator('.link').inputValue();
  for (const [i, name] of ['Ann', 'Ben', 'Cleo'].entries()) await compareAs(name, invite, i === 2);
  await page.reload();
  await page.getByText('complete', { exact: true }).waitFor();
  const verdict = page.getByText(
    /^tuned\S* fits the prompt better than base in \d+ % of 2 prompts, worse in \d+ %; diff/,
  );
  const sentence = await verdict.innerText();
  expect(await barriersOf(page)).toEqual([]);
  expect(errors).toEqual([]);
  await page.context().close();

  const { file }: { file: string } = JSON.parse(await heed(['report', '--json']));
  expect(await readFile(resolve(folder, file), 'utf8')).toContain(sentence);
  expect(await heed(['export', 'comparisons', '--out', join(parent, 'answers.csv')])).toContain('6 answers');
});
