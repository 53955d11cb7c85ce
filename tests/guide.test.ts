/**
 * Runs every command of the guides (docs/guide/*.md) as it is printed, in order, each page in a folder for itself.
 * `heed init` gets small settings and the first project fewer images, so that the work is short. Where a page names a
 * user's file by a variable ($MODEL), the test provides one. Pages that assume a project get a copy of the first
 * page's; labelling, one before judgement.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formulaInceptionFile } from '../packages/heed/src/fid/testing.ts';
import { type GuideCommand, guideCommands } from './guide-commands.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GUIDES = join(ROOT, 'docs', 'guide');
const MODELS = join(ROOT, 'packages', 'tiny-sd', 'models');
const FIRST = 'first-project.md';
/** These pages begin with their own `heed init`. */
const OWN_PROJECT = ['prompts.md', 'models.md'];
/** The first project before its images were judged. */
const UNJUDGED = 'unjudged';
const SERVERS = /^npx heed (studio|serve)\b/;

const SMALL = [
  'sample.steps=2',
  'reward.epochs=2',
  'reward.hidden=16',
  'tune.steps=2',
  'tune.batchSize=2',
  'tune.warmupSteps=0',
  'tune.pretrainingImages=8',
  'tune.sampleEverySteps=0',
  'evaluate.promptLimit=4',
  'evaluate.imagesPerPrompt=2',
  'evaluate.bestOf=2',
  'evaluate.fidelityImages=16',
];
/** What the pages ask for, and the smaller amount that is drawn here. */
const FEWER = {
  'generate.promptLimit=60': 'generate.promptLimit=12',
  'generate.imagesPerPrompt=6': 'generate.imagesPerPrompt=4',
};

let root: string;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-guide-'));
  // `npx heed` is the repository's own command here; nothing is fetched.
  const bin = join(root, 'bin');
  await mkdir(bin);
  const heed = join(ROOT, 'packages', 'heed', 'bin', 'heed.mjs');
  await writeFile(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${heed}' "$@"\n`, { mode: 0o755 });
  environment = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    XDG_CACHE_HOME: join(root, 'cache'),
    MODEL: join(MODELS, 'tiny-sd'),
    CLIP: join(MODELS, 'clip'),
    INCEPTION: await formulaInceptionFile(),
    PICTURES: join(root, 'pictures'),
    DRAWN: join(root, 'drawn'),
    REAL: join(root, 'real'),
    JUDGED: join(root, 'judged.csv'),
  };
  await runPage(FIRST, root);
  await givePictures(join(root, 'my-project'));
});

afterAll(() => rm(root, { recursive: true, force: true }));

it('has run the first project to its report', async () => {
  for (const asked of Object.keys(FEWER)) expect(await readFile(join(GUIDES, FIRST), 'utf8')).toContain(asked);
  expect(await readdir(join(root, 'my-project', 'reports'))).toContain('evaluate-0001.html');
});

it.each(OWN_PROJECT)('runs the commands of %s in a new folder', async (page) => {
  const folder = join(root, page.replace('.md', ''));
  await mkdir(folder);
  await runPage(page, folder);
});

it('runs the commands of every other page in the first project', async () => {
  const pages = (await readdir(GUIDES)).filter((page) => page !== FIRST && !OWN_PROJECT.includes(page));
  expect(pages.length).toBeGreaterThan(4);
  for (const page of pages) {
    const folder = join(root, page.replace('.md', ''));
    const project = page === 'labelling.md' ? UNJUDGED : 'my-project';
    await cp(join(root, project), folder, { recursive: true });
    await runPage(page, folder);
    await rm(folder, { recursive: true });
  }
});

/** Runs a page's commands in one shell each; `cd` holds for the ones after it. */
async function runPage(page: string, start: string): Promise<void> {
  let folder = start;
  for (const command of guideCommands(await readFile(join(GUIDES, page), 'utf8'))) {
    const target = /^cd (\S+)$/.exec(command.text)?.[1];
    if (target) folder = join(folder, target);
    else await runCommand(page, command, folder);
    if (page === FIRST && command.text.startsWith('npx heed generate'))
      await cp(folder, join(root, UNJUDGED), { recursive: true });
    if (command.text.includes('--sheet')) await fillSheet(join(folder, 'to-judge.csv'));
  }
}

async function runCommand(page: string, { line, text }: GuideCommand, folder: string): Promise<void> {
  const small = SMALL.map((setting) => `--set ${setting}`).join(' ');
  const shell = text.startsWith('npx heed init') ? `${text} ${small}` : fewer(text);
  const child = spawn('sh', ['-c', `exec 2>&1; ${SERVERS.test(text) ? 'exec ' : ''}${shell}`], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { code, said } = await endOf(child, { server: SERVERS.test(text) });
  expect(code, `${page}:${line}: ${text}\n${said}`).toBe(0);
}

function fewer(command: string): string {
  return Object.entries(FEWER).reduce((text, [asked, drawn]) => text.replace(asked, drawn), command);
}

/** A server is stopped as soon as it says where it listens; that counts as 0. */
function endOf(child: ChildProcess, { server }: { server: boolean }): Promise<{ code: number | null; said: string }> {
  let said = '';
  let listening = false;
  child.stdout!.on('data', (chunk) => {
    said += chunk;
    if (server && !listening && /http:\/\/127\.0\.0\.1:\d+/.test(said)) {
      listening = true;
      child.kill('SIGTERM');
    }
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: server ? Number(!listening) : code, said }));
  });
}

/** Two folders of drawn pictures for FID, and one with prompts beside the pictures. */
async function givePictures(project: string): Promise<void> {
  const entries = await readdir(join(project, 'images'), { recursive: true });
  const images = entries.filter((name) => name.endsWith('.png'));
  for (const [name, from] of [
    ['drawn', 0],
    ['real', 4],
    ['pictures', 8],
  ] as const) {
    await mkdir(join(root, name));
    for (const image of images.slice(from, from + 4)) {
      const copy = join(root, name, basename(image));
      await cp(join(project, 'images', image), copy);
      if (name === 'pictures') await writeFile(copy.replace('.png', '.txt'), 'a bear in a garden');
    }
  }
}

/** What a person does with the sheet: good, bad, good, ... */
async function fillSheet(sheet: string): Promise<void> {
  const [header, ...rows] = (await readFile(sheet, 'utf8')).trimEnd().split(/\r?\n/);
  const at = header!.replace('\uFEFF', '').split(',').indexOf('label');
  const filled = rows.map((row, i) => {
    const cells = row.match(/("([^"]|"")*"|[^,]*)(,|$)/g)!.map((cell) => cell.replace(/,$/, ''));
    cells[at] = i % 2 === 0 ? 'good' : 'bad';
    return cells.slice(0, header!.split(',').length).join(',');
  });
  await writeFile(join(root, 'judged.csv'), [header, ...filled].join('\n'));
}
