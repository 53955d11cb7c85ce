// The runs page in a real browser: a tuning is stopped, heed.toml changes, Continue takes the run's own settings; runs
// are compared, renamed, archived, downloaded and deleted.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModelFolder } from '../packages/diffusion/src/index.ts';
import type { Project } from '../packages/heed/src/project/index.ts';
import { type OwnerSession, openOwnerSession } from './owner-session.ts';
import { barriersOf, elementsTooWide, hasBrowser, linkOf, openPage, takeScreenshot } from './studio-browser.ts';
import type { StudioProcess } from './studio-process.ts';
import { makeTuningProject, startTune } from './tuning-project.ts';

const STEPS = 300;
let folder: string;
let project: Project;
let session: OwnerSession | undefined;
let studio: StudioProcess;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  if (!hasBrowser) return;
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-runs-'));
  project = await makeTuningProject(folder, { steps: STEPS, overrides: ['tune.loraRank=2'] });
  session = await openOwnerSession(project.folder);
  ({ studio, browser, page, errors } = session);
  page.setDefaultTimeout(60_000);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}, 120_000);
afterAll(async () => {
  if (!hasBrowser) return;
  await session?.close();
  await rm(folder, { recursive: true, force: true });
});

const runOf = (name: string) => page.locator('.run').filter({ has: page.getByText(name, { exact: true }) });
const tuned = (...path: string[]) => join(project.paths.runs, 'tuned', ...path);

it.runIf(hasBrowser)('continues a stopped run with its own settings, whatever heed.toml says by now', async () => {
  await linkOf(page, 'Training').click();
  await page.getByRole('button', { name: 'Tune the model' }).click();
  const measured = async () => (await readFile(tuned('metrics.jsonl'), 'utf8').catch(() => '')).length;
  await expect.poll(measured, { timeout: 60_000 }).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect.poll(() => page.locator('.job .tag').first().innerText(), { timeout: 60_000 }).toBe('stopped');
  await expect.poll(() => existsSync(tuned('checkpoints')), { timeout: 60_000 }).toBe(true);
  expect(existsSync(tuned('result.json'))).toBe(false);

  const config = await readFile(project.paths.config, 'utf8');
  await writeFile(project.paths.config, config.replace(/^learningRate = 0.001$/m, 'learningRate = 0.0008'));
  const refused = await startTune(project.folder).ended;
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('expected tune.learningRate 0.001 as the run was begun with, got 8e-4');
  // Before any work: nothing of the run has changed.
  expect(await readFile(tuned('heed.resolved.toml'), 'utf8')).toContain('learningRate = 0.001');

  await linkOf(page, 'Runs').click();
  await runOf('tuned').getByText('not finished').waitFor();
  expect(await barriersOf(page)).toEqual([]);
  await runOf('tuned').getByRole('button', { name: 'Continue' }).click();
  await runOf('tuned').getByText('finished', { exact: true }).waitFor({ timeout: 180_000 });
  expect(JSON.parse(await readFile(tuned('options.json'), 'utf8'))).toMatchObject({ learningRate: 1e-3 });
  expect(JSON.parse(await readFile(tuned('result.json'), 'utf8'))).toMatchObject({ steps: STEPS });
});

it.runIf(hasBrowser)('says at the start what a form asks otherwise than the run was begun with', async () => {
  await linkOf(page, 'Training').click();
  await page.getByText('Settings', { exact: true }).click();
  await page.getByLabel('Name').fill('tuned');
  await page.getByRole('button', { name: 'Tune the model' }).click();
  await page.getByText(/expected tune.learningRate 0.001 as the run was begun with, got 8e-4/).waitFor();
  await page.getByLabel('Name').fill('tuned-2');
  await page.getByLabel('tune.steps').fill('3');
  await page.getByRole('button', { name: 'Tune the model' }).click();
  await expect.poll(() => existsSync(join(project.paths.runs, 'tuned-2/result.json'))).toBe(true);
});

it.runIf(hasBrowser)('lays curves over each other and names what differs', async () => {
  await linkOf(page, 'Runs').click();
  for (const name of ['tuned', 'tuned-2']) await page.getByRole('checkbox', { name, exact: true }).check();
  await page.getByRole('img', { name: new RegExp(`^Loss over ${STEPS} steps, now tuned: .*tuned-2: `) }).waitFor();
  expect(await page.locator('.chart-axis').first().textContent()).toBe('step');
  expect(await page.getByRole('row', { name: 'tune.learningRate' }).innerText()).toMatch(/0\.001\s+0\.0008/);
  expect(await page.getByRole('row', { name: 'tune.batchSize' }).count()).toBe(0);
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('button', { name: /^Log/ }).first().click();
  await page.getByText(/tune tuned-2: 3 of 3/).waitFor();
  expect(await page.getByRole('row', { name: /^tune tuned-2/ }).innerText()).toMatch(/\d+ MB/);
  await takeScreenshot(page, 'runs', { height: 1900 });

  const phone = await openPage(browser, { width: 390, height: 844, dark: true, hasTouch: true });
  await phone.page.context().addCookies(await page.context().cookies());
  await phone.page.goto(`${studio.origin}/runs?run=tuned&run=tuned-2`);
  await phone.page.locator('svg').first().waitFor();
  expect(await barriersOf(phone.page)).toEqual([]);
  expect(await elementsTooWide(phone.page)).toEqual([]);
  expect(await phone.page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
  await takeScreenshot(phone.page, 'runs-phone', { height: 1700 });
  await phone.page.context().close();
});

it.runIf(hasBrowser)('downloads a model, as a folder and as files', async () => {
  const sizes = new Map<string, number>();
  for (const form of ['folder', 'LoRA']) {
    const loading = page.waitForEvent('download');
    await runOf('tuned')
      .getByRole('button', { name: `Download tuned as ${form}` })
      .click();
    const download = await loading;
    const path = join(folder, download.suggestedFilename());
    await download.saveAs(path);
    sizes.set(download.suggestedFilename(), (await stat(path)).size);
  }
  expect([...sizes.keys()]).toEqual(['tuned.tar', 'tuned-lora.safetensors']);
  expect(sizes.get('tuned-lora.safetensors')).toBeLessThan(sizes.get('tuned.tar')!);
  // The random model is no Stable Diffusion 1.x, and the page says why it is no single file.
  await runOf('tuned').getByRole('button', { name: 'Download tuned as single file' }).click();
  await page.getByText(/That did not work: .*expected/).waitFor();
});

it.runIf(hasBrowser)('renames, archives and deletes', async () => {
  await runOf('tuned').getByRole('button', { name: 'Rename' }).click();
  await page.getByLabel('New name').fill('tuned-2');
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  await page.getByText(/expected a name that no run or model has, got 'tuned-2'/).waitFor();
  await runOf('tuned').getByRole('button', { name: 'Rename' }).click();
  await page.getByLabel('New name').fill('careful');
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
  await page.getByText('tuned is called careful now.').waitFor();
  await loadModelFolder(join(project.paths.models, 'careful'));
  const result = JSON.parse(await readFile(join(project.paths.runs, 'careful/result.json'), 'utf8'));
  expect(result).toMatchObject({ name: 'careful', run: 'careful', folder: join(project.paths.models, 'careful') });

  await runOf('careful').getByRole('button', { name: 'Archive' }).click();
  await runOf('careful').waitFor({ state: 'detached' });
  await page.getByLabel('Show 1 archived').check();
  await runOf('careful').getByRole('button', { name: 'Restore' }).click();
  await page.getByText('careful is back.').waitFor();

  await runOf('tuned-2').getByRole('button', { name: 'Delete' }).click();
  expect(await barriersOf(page)).toEqual([]);
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await runOf('tuned-2').waitFor({ state: 'detached' });
  expect(existsSync(join(project.paths.models, 'tuned-2'))).toBe(false);
  expect(existsSync(join(project.paths.runs, 'tuned-2'))).toBe(false);
  await runOf('reward-0001').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText(/expected a run whose reward is not in use/).waitFor();
  // A refusal is an answer of the server, and the browser's console names it.
  expect(errors.filter((text) => !/status of 4\d\d/.test(text))).toEqual([]);
});
