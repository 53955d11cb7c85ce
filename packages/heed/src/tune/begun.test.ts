// What a run was begun with: the settings that differ are named, and only those that decide the weights.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { begunFrom, checkBegun, writeBegun } from './begun.ts';
import { tuneOptionsOf } from './options.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-begun-'));
});
afterAll(() => rm(folder, { recursive: true }));

const optionsOf = (...overrides: string[]) => tuneOptionsOf(parseConfig('', { source: 'heed.toml', overrides }));
const data = { reward: 'default', pretraining: 'emoji', pretrainingImages: 8, baseHash: 'a' };

it('names each setting that leads to other weights', async () => {
  const begun = optionsOf('tune.learningRate=3e-4', 'tune.loraRank=4', 'tune.steps=100');
  await writeBegun(folder, { options: begun, data, fingerprint: 'f' });
  const run = { id: 'tuned', folder };
  const other = optionsOf('tune.learningRate=8e-4', 'tune.steps=100', 'tune.snrGamma=5');
  // There is nothing to continue: it starts again.
  await checkBegun(run, { options: other, data });
  await mkdir(join(folder, 'checkpoints/step-1'), { recursive: true });
  await checkBegun(run, { options: begun, data });
  await checkBegun(run, {
    options: { ...begun, checkpointEverySteps: 7, sampleEverySteps: 0 },
    data: { ...data, baseHash: undefined },
  });
  const refused = checkBegun(run, { options: other, data: { ...data, reward: 'strict', baseHash: 'b' } });
  await expect(refused).rejects.toThrow(
    'run tuned: expected tune.learningRate 3e-4 as the run was begun with, got 8e-4; expected tune.loraRank 4 as the run was begun with, got off;',
  );
  await expect(refused).rejects.toThrow('expected tune.snrGamma off as the run was begun with, got 5');
  await expect(refused).rejects.toThrow('expected --reward default as the run was begun with, got strict');
  await expect(refused).rejects.toThrow('expected the model to tune with hash a as the run was begun with, got b');
  await expect(refused).rejects.toThrow('--continue takes the run');
  expect(await begunFrom(folder)).toMatchObject({ reward: 'default' });
});
