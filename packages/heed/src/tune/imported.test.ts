// People's own pictures, of another size than the model's, through reward and tuning: judged like drawn ones, and tuned
// on where the base model drew them.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importImages } from '../import/index.ts';
import { silentProgress } from '../progress/progress.ts';
import { initProject, type Project } from '../project/index.ts';
import { runReward } from '../reward/run.ts';
import { judgeByCoin } from '../testing/judge-by-coin.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { runTune } from './run.ts';

const PICTURES = 30;
let folder: string;
let project: Project;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-imported-'));
  const models = await writeRandomModels(folder);
  project = await initProject(join(folder, 'project'), {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      'threads=1',
      'reward.hidden=16',
      'reward.epochs=1',
      'reward.testShare=0.3',
      'tune.steps=1',
      'tune.batchSize=2',
      'tune.warmupSteps=0',
      'tune.beta=0',
      'tune.samplePrompts=["a house"]',
      'sample.steps=1',
    ],
  });
  await mkdir(join(folder, 'pictures'));
  const rows: string[] = [];
  for (let i = 0; i < PICTURES; i++) {
    const background = { r: 8 * i, g: 90, b: 255 - 8 * i };
    const picture = sharp({ create: { width: 40 + (i % 3), height: 28, channels: 3, background } });
    await writeFile(join(folder, 'pictures', `${i}.jpg`), await picture.jpeg().toBuffer());
    rows.push(JSON.stringify({ file_name: `${i}.jpg`, text: `a house number ${i % 5}` }));
  }
  await writeFile(join(folder, 'pictures/metadata.jsonl'), rows.join('\n'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('train a reward, and tuning refuses them in a sentence while nobody says that its model drew them', async () => {
  expect(await importImages(project, join(folder, 'pictures'))).toMatchObject({ added: PICTURES });
  await judgeByCoin(project);
  const { images } = await runReward(project, {}, silentProgress);
  expect(images.training).toBeGreaterThan(10);
  await expect(runTune(project, {}, silentProgress)).rejects.toThrow(
    /^tuning needs images of the model to tune \([0-9a-f]{16}\) to learn from, got none: 0 are of it, 0 of these labelled$/,
  );
});

it('feed tuning, cropped to its size, where the base model drew them', async () => {
  const result = await importImages(project, join(folder, 'pictures'), { set: 'mine', model: 'base' });
  expect(result).toMatchObject({ added: PICTURES });
  await judgeByCoin(project);
  const { steps } = await runTune(project, { name: 'again' }, silentProgress);
  expect(steps).toBe(1);
});
