// What a later stage would stop at is told before images are drawn.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { initProject } from './init.ts';
import { laterStageNotes } from './later-stages.ts';

let root: string;
let projects = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-later-'));
  await mkdir(join(root, 'pairs'));
  await writeFile(join(root, 'pairs', 'a.png'), 'looked at by name alone');
  await writeFile(join(root, 'pairs', 'a.txt'), 'a bear');
  await mkdir(join(root, 'empty'));
});
afterAll(() => rm(root, { recursive: true }));

it.each<[string, string[], RegExp[]]>([
  ['the built-in world', ['world=emoji'], []],
  ['no pairs named', ['world=none'], [/^heed tune will stop: tune.pretraining: expected a folder/]],
  ['pairs that are not needed', ['world=none', 'tune.beta=0'], []],
  [
    'pairs of another method',
    ['world=none', 'tune.beta=0', 'tune.method=dpo', 'tune.dpo.pretrainingWeight=1'],
    [/^heed tune/],
  ],
  ['pairs that are there', ['world=none', 'tune.pretraining=../pairs'], []],
  [
    'a folder without captions',
    ['world=none', 'tune.pretraining=../empty'],
    [/^heed tune will stop: .*metadata.jsonl/],
  ],
  [
    'a folder that is missing',
    ['world=none', 'tune.pretraining=../gone'],
    [/^heed tune will stop: .*gone: expected a/],
  ],
  [
    'a reference and weights that are missing',
    ['world=none', 'tune.beta=0', 'evaluate.reference=../gone', 'evaluate.inception=gone.pth'],
    [/^heed evaluate will stop: .*gone/, /^heed evaluate will stop: evaluate.inception: expected a file of weights/],
  ],
  [
    'weights of a hub',
    ['world=none', 'tune.beta=0', 'evaluate.reference=../pairs', 'evaluate.inception=org/name/weights.pth'],
    [],
  ],
  [
    'statistics that are missing',
    ['tune.beta=0', 'evaluate.reference=gone.npz'],
    [/evaluate.reference: expected a file/],
  ],
])('%s', async (_, overrides, expected) => {
  const notes = await laterStageNotes(await initProject(join(root, `project-${projects++}`), { overrides }));
  expect(notes).toHaveLength(expected.length);
  for (const [i, sentence] of expected.entries()) expect(notes[i]).toMatch(sentence);
});
