/**
 * A project that shares nothing with the emoji world, from `heed init` to its exports, by the command line alone: own
 * prompts, a Stable Diffusion with random weights, own pictures, and the judgements of two people by CSV.
 */
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '@heed/diffusion/autodiff';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formulaInceptionFile } from '../packages/heed/src/fid/testing.ts';
import { writeRandomModels } from '../packages/heed/src/testing/random-models.ts';

const HEED = fileURLToPath(new URL('../packages/heed/bin/heed.mjs', import.meta.url));
const LEARNING = [
  'a bear in the woods',
  'an astronaut riding a tiger',
  'a wolf howling at night',
  'a rabbit reading a newspaper',
  'a rose in a glass',
  'a red lighthouse, oil painting',
];
const HELD_OUT = ['two bears playing chess', 'an astronaut in a teapot', 'a blue rose on a piano'];
const RATERS = ['anna', 'ben'];
const IMAGES_PER_PROMPT = 8;

let folder: string;
let project: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-real-'));
  project = join(folder, 'mine');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function heed(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [HEED, ...args], { cwd: folder, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** Runs a command on the project with --json; fails the test where the command fails. */
function run(...args: string[]) {
  const { status, stdout, stderr } = heed(...args, '--project', project, '--json');
  expect({ args, status, stderr: status === 0 ? '' : stderr }).toEqual({ args, status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Fills a sheet in as both raters, who disagree sometimes, and imports it. */
async function judge(set: string): Promise<number> {
  const sheet = join(folder, `${set}.csv`);
  run('label', '--sheet', sheet, '--name', set);
  const rows = parse(await readFile(sheet), { columns: true, bom: true }) as Record<string, string>[];
  const random = createRandom(5).fork(set);
  const judged = rows.flatMap((row, i) => {
    const isGood = random.uniform() < 0.5;
    return RATERS.map((rater) => {
      const disagrees = rater === 'ben' && i % 7 === 0;
      return { ...row, rater, label: isGood === disagrees ? 'bad' : 'good' };
    });
  });
  await writeFile(sheet, stringify(judged, { header: true }));
  run('label', '--import', sheet);
  return rows.length;
}

it('goes from init to export, learns from every judged image, and shows no figure of a simulated rater', async () => {
  const { model, clip } = await writeRandomModels(join(folder, 'models'));
  const lines = [
    ...LEARNING.map((prompt) => JSON.stringify({ prompt, split: 'train' })),
    ...HELD_OUT.map((prompt) => JSON.stringify({ prompt, split: 'test' })),
  ];
  const pretraining = join(folder, 'pictures');
  await mkdir(pretraining);
  const captions = ['a harbour.', 'a street in the rain.', 'a bowl of fruit.', 'a mountain.'];
  for (const [i, caption] of captions.entries()) {
    const background = { r: 60 * i, g: 120, b: 200 };
    await sharp({ create: { width: 64, height: 64, channels: 3, background } })
      .png()
      .toFile(join(pretraining, `${i}.png`));
    await writeFile(join(pretraining, `${i}.txt`), caption);
  }
  const settings = [
    `model.path=${model}`,
    `model.clip=${clip}`,
    'generate.prompts=prompts.jsonl',
    `generate.imagesPerPrompt=${IMAGES_PER_PROMPT}`,
    'sample.steps=2',
    'reward.hidden=16',
    'reward.epochs=5',
    `tune.pretraining=${pretraining}`,
    'tune.steps=2',
    'tune.batchSize=2',
    'evaluate.imagesPerPrompt=2',
    'evaluate.bestOf=4',
    'evaluate.resamples=100',
    `evaluate.reference=${pretraining}`,
    `evaluate.inception=${await formulaInceptionFile()}`,
  ];
  const init = heed('init', project, ...settings.flatMap((setting) => ['--set', setting]));
  expect(init.status, init.stderr).toBe(0);
  await writeFile(join(project, 'prompts.jsonl'), `${lines.join('\n')}\n`);

  expect(run('generate')).toMatchObject({ prompts: LEARNING.length });
  expect(await judge('train')).toBe(LEARNING.length * IMAGES_PER_PROMPT);

  const reward = run('reward');
  const { training, validation, test } = reward.images;
  expect(training + validation + test).toBe(LEARNING.length * IMAGES_PER_PROMPT);
  expect(training).toBeGreaterThan(test);

  const tuned = run('tune');
  expect(tuned).toMatchObject({ steps: 2 });
  const settled = await readFile(join(project, 'runs/tuned/heed.resolved.toml'), 'utf8');
  // Its sample grids show the project's own prompts.
  const drawn = /^samplePrompts = (.*)$/m.exec(settled)![1]!;
  expect(JSON.parse(drawn)).toEqual(LEARNING.slice(0, 4));

  const evaluation = run('evaluate');
  expect(evaluation).toMatchObject({ world: 'none', comparisons: [], differences: [] });
  expect(evaluation.prompts.map(({ text }: { text: string }) => text).sort()).toEqual([...HELD_OUT].sort());
  expect(evaluation.arms.map(({ name }: { name: string }) => name)).toEqual(['base', 'tuned', 'bestOf']);
  const figures = evaluation.figures.map(({ id }: { id: string }) => id);
  expect(figures).toEqual(expect.arrayContaining(['reward', 'clip-score', 'diversity', 'doubled', 'saturation']));
  for (const { judge, arms } of evaluation.figures) {
    expect(judge).not.toMatch(/simulated|emoji/);
    for (const { lo, mean, hi } of Object.values<{ lo: number; mean: number; hi: number }>(arms)) {
      expect(lo <= mean && mean <= hi).toBe(true);
    }
  }
  expect(figures).toEqual(expect.arrayContaining(['fid', 'cmmd']));
  for (const { id, arms, differences } of evaluation.figures) {
    if (id !== 'fid' && id !== 'cmmd') continue;
    for (const { count, lo, hi } of Object.values<{ count: number; lo: number; hi: number }>(arms)) {
      expect(count).toBe(2 * HELD_OUT.length);
      expect(hi).toBeGreaterThan(lo);
    }
    expect(differences).toHaveLength(3);
  }
  expect(evaluation.people.note).toContain('no person has judged these images yet');
  expect(evaluation.others.length).toBe(HELD_OUT.length);

  // People judge evaluation images as well; a new evaluation is not needed for their figure.
  const judged = await judge('eval');
  expect(judged).toBeGreaterThan(0);
  const again = run('evaluate', '--baseline', 'tuned', '--model', 'base');
  expect(again.people.people).toBe(2);
  expect(again.people.figure.arms.base.count).toBeGreaterThan(0);
  expect(again.arms[0]).toMatchObject({ name: 'base', model: 'tuned' });

  const report = run('report');
  const page = await readFile(report.file, 'utf8');
  expect(page).not.toMatch(/simulated|emoji/i);
  expect(page).toContain('Good in the eyes of 2 people');
  expect(page).toContain('of 3 prompts, too few to tell');
  for (const prompt of ['An oil painting: ', 'An astronaut in a teapot']) {
    expect(page.toLowerCase()).toContain(prompt.toLowerCase());
  }

  for (const [what, format, name] of [
    ['model', 'diffusers', 'tuned'],
    ['feedback', 'csv', 'feedback.csv'],
    ['feedback', 'label-studio', 'tasks.json'],
    ['images', 'csv', 'images.csv'],
    ['pairs', 'parquet', 'train.parquet'],
  ] as const) {
    run('export', what, '--format', format, '--out', join(folder, name));
  }
});
