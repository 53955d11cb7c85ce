// Every JSON file that heed reads back, damaged: one sentence with its path, and none of its content.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checkModel } from '@heed/diffusion';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { verifyManifest } from '../checkpoint/manifest.ts';
import { openDemoState } from '../demo/demo-state.ts';
import { isBadInput } from '../errors.ts';
import { readEvaluation } from '../evaluate/evaluation-file.ts';
import { initProject, type Project } from '../project/index.ts';
import { readPredictions } from '../reward/predictions.ts';
import { findRewardReport } from '../reward/report-file.ts';
import { findRewardConfig } from '../reward/reward-model.ts';
import { readRunChoice } from '../tune/run-choice.ts';
import { readSavedState } from '../tune/training-state.ts';

let project: Project;
beforeAll(async () => {
  project = await initProject(join(await mkdtemp(join(tmpdir(), 'heed-damaged-')), 'p'));
});
afterAll(() => rm(dirname(project.folder), { recursive: true }));

const SECRET = 'root:x:0:0:root:/root:/bin/bash';
const DAMAGES: readonly (readonly [name: string, content: string | Uint8Array])[] = [
  ['another file', `${SECRET}\n`],
  ['nothing', ''],
  ['a torn end', `{"version":1,"run":"${SECRET}`],
  ['null', 'null'],
  ['a list', `["${SECRET}"]`],
  ['other keys', `{"${SECRET}":"${SECRET}"}`],
  ['values of other kinds', `{"version":"${SECRET}","step":"${SECRET}","files":"${SECRET}","finished":"${SECRET}"}`],
  ['zeros', new Uint8Array(4096)],
  ['bytes that are no text', new Uint8Array(256).map((_, i) => 255 - i)],
];

const READERS: readonly (readonly [file: string, read: (path: string) => Promise<unknown>])[] = [
  ['runs/evaluate-0001/evaluation.json', readEvaluation],
  ['models/reward-default/accuracy.json', findRewardReport],
  ['models/reward-default/config.json', (path) => findRewardConfig(dirname(path))],
  ['models/reward-default/predictions.jsonl', (path) => readPredictions(dirname(path))],
  ['models/tuned/model_index.json', (path) => checkModel(dirname(path))],
  ['runs/tuned/checkpoints/step-00000001/state.json', (path) => readSavedState(dirname(path))],
  ['runs/tuned/checkpoints/step-00000002/manifest.json', (path) => verifyManifest(dirname(path))],
  ['runs/tuned/model-data.json', (path) => readRunChoice(path, { choice: {}, entries: z.string() })],
  ['.heed/demo.json', () => openDemoState(project, { scale: 'small', seed: 0 })],
];

describe.each(READERS)('%s', (file, read) => {
  it.each(DAMAGES)('%s', async (name, content) => {
    // No lines are no predictions.
    const isHarmless = file.endsWith('.jsonl') && name === 'nothing';
    const path = join(project.folder, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    const error = await read(path).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (isHarmless) return expect(error).toBeUndefined();
    expect(isBadInput(error), String(error)).toBe(true);
    const { message } = error as Error;
    expect(message).toContain(dirname(path));
    expect(message).not.toContain('root');
    expect(message.split('\n')).toHaveLength(1);
  });
});
