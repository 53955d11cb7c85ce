// `heed doctor --verify` on a project as heed writes it: whole, copied elsewhere, and damaged in every way.
import {
  appendFile,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, saveModelFolder } from '@heed/diffusion';
import { createRandom, initializeParameters } from '@heed/diffusion/autodiff';
import { TINY_MODEL_FOLDER } from '@heed/emoji-world';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { saveCheckpoint } from '../../checkpoint/checkpoint.ts';
import { HASHES_FILE, writeFolderHashes } from '../../checkpoint/folder-hashes.ts';
import type { FeedbackEvent } from '../../feedback/event.ts';
import { openFeedbackLog } from '../../feedback/log.ts';
import { appendRaterEvent } from '../../feedback/raters.ts';
import { createImageStore } from '../../images/index.ts';
import { openProject, type Project, takeLock } from '../../project/index.ts';
import { rewardParameterSpecs, saveRewardModel } from '../../reward/reward-model.ts';
import { openComparisonWriter } from '../../studio/comparing/comparison-log.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { writeTuneResult } from '../../tune/result.ts';
import { verifyProject } from './verify.ts';

const time = '2026-01-31T09:30:00.000Z';
const never = new AbortController().signal;
const progress = () => ({ update() {}, done() {} });
const verify = (project: Project) => verifyProject(project, { progress, signal: never });

let root: string;
/** A whole project; each test damages a copy. */
let whole: string;
let project: Project;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'heed-verify-'));
  whole = join(root, 'whole');
  const made = await makeDrawnProject(whole, { prompts: 4 });
  const store = createImageStore(made.paths.images);
  const log = openFeedbackLog(made.paths.feedback);
  for (const [i, { id, prompt }] of store.all().entries()) {
    const event = {
      id: `e${i}`,
      time,
      query: `q${i}`,
      rater: 'ann',
      raterKind: 'human',
      image: id,
      prompt,
      model: 'base',
    };
    await log.append([{ ...event, label: i % 2 === 0 ? 'good' : 'bad' } as FeedbackEvent]);
  }
  await log.close();
  await appendRaterEvent(made, { event: 'joined', time, rater: 'ann', name: 'Ann' });
  const comparisons = openComparisonWriter(made);
  await comparisons.append([
    { event: 'ended', time, comparison: 'one' },
    { event: 'ended', time, comparison: 'two' },
  ]);
  await comparisons.close();
  await saveModelFolder(join(made.paths.models, 'tuned'), await loadModel(TINY_MODEL_FOLDER));
  await writeFolderHashes(join(made.paths.models, 'tuned'));
  const architecture = { projectionDim: 8, hiddenSize: 4 };
  const parameters = initializeParameters(rewardParameterSpecs(architecture), createRandom(1));
  const reward = join(made.paths.models, 'reward-default');
  await saveRewardModel(reward, { architecture, members: [parameters] }, { clipHash: 'abc', training: {} });
  await writeFolderHashes(reward);
  for (const step of [1, 2]) {
    await saveCheckpoint(join(made.paths.runs, 'tuned', 'checkpoints'), {
      step,
      keep: 2,
      write: (folder) => writeFile(join(folder, 'parameters.safetensors'), `weights of step ${step}`),
    });
  }
  await writeTuneResult(join(made.paths.runs, 'tuned'), {
    ...{ fingerprint: 'abc', name: 'tuned', run: 'tuned', folder: '/elsewhere', steps: 2 },
    data: { labelled: 1, unlabelled: 0, pretraining: 0 },
  });
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  const copy = await mkdtemp(join(root, 'copy-'));
  await cp(whole, copy, { recursive: true });
  project = await openProject(copy);
});

const at = (path: string) => join(project.folder, path);
const pictures = () => createImageStore(project.paths.images).all();
const flip = async (path: string, offset: number) => {
  const bytes = await readFile(at(path));
  const place = offset < 0 ? bytes.length + offset : offset;
  bytes[place]! ^= 0x10;
  await writeFile(at(path), bytes);
};
const swap = async (a: string, b: string) => {
  await rename(at(a), at('swapping'));
  await rename(at(b), at(a));
  await rename(at('swapping'), at(b));
};
const editLines = async (path: string, edit: (lines: string[]) => string[]) => {
  const lines = (await readFile(at(path), 'utf8')).split('\n').slice(0, -1);
  await writeFile(
    at(path),
    edit(lines)
      .map((line) => `${line}\n`)
      .join(''),
  );
};
const UNET = 'models/tuned/unet/diffusion_pytorch_model.safetensors';

describe('a whole project', () => {
  const expected = {
    ok: true,
    counts: { pictures: 12, judgements: 12, comparisons: 2, models: 2, checkpoints: 2 },
    damage: [],
    notes: [],
  };

  it('passes, also as a copy under another path and with other times', async () => {
    expect(await verify(await openProject(whole))).toEqual(expected);
    for (const name of await readdir(project.folder, { recursive: true })) {
      await utimes(at(name), new Date(0), new Date(0));
    }
    expect(await verify(project)).toEqual(expected);
  });

  it('passes after more is judged, and after a crash that left the record behind', async () => {
    const [{ id: image, prompt } = { id: '', prompt: '' }] = pictures();
    const log = openFeedbackLog(project.paths.feedback);
    const event = { time, rater: 'bob', raterKind: 'human', image, prompt, model: 'base', label: 'good' } as const;
    await log.append([{ ...event, id: 'more', query: 'more' }]);
    await log.close();
    expect(await verify(project)).toMatchObject({ ok: true, notes: [], counts: { judgements: 13 } });

    const sums = await readFile(at('feedback.sums'), 'utf8');
    await writeFile(at('feedback.sums'), sums.slice(0, -25));
    const again = openFeedbackLog(project.paths.feedback);
    await again.append([{ ...event, id: 'after', query: 'after' }]);
    await again.close();
    expect((await readFile(at('feedback.sums'), 'utf8')).slice(0, sums.length)).toBe(sums);
    expect(await verify(project)).toMatchObject({ ok: true, notes: [], counts: { judgements: 14 } });
  });

  it('passes with a torn last line, as a crash leaves it', async () => {
    await appendFile(at('feedback.jsonl'), '{"id":"torn"');
    expect(await verify(project)).toEqual(expected);
  });

  it('of an older heed has no record, gets one, and is compared with it from then on', async () => {
    for (const name of ['feedback.sums', 'comparisons.sums', 'raters.sums', 'images/index.sums']) await rm(at(name));
    await rm(at(`models/tuned/${HASHES_FILE}`));
    const first = await verify(project);
    expect(first.damage).toEqual([]);
    expect(first.notes).toEqual([
      'images/index.jsonl: 12 of 12 lines had no record and were recorded as they are now',
      'feedback.jsonl: 12 of 12 lines had no record and were recorded as they are now',
      'raters.jsonl: 1 of 1 lines had no record and were recorded as they are now',
      'comparisons.jsonl: 2 of 2 lines had no record and were recorded as they are now',
      'models/tuned: had no recorded hashes; those of its files as they are now were recorded',
    ]);
    expect(await verify(project)).toEqual(expected);
    await flip(UNET, -1);
    await editLines('feedback.jsonl', (lines) => lines.slice(1));
    expect((await verify(project)).damage.map(({ path }) => path)).toEqual(['feedback.jsonl', UNET]);
  });

  it('is not written to while a studio is open', async () => {
    await rm(at('feedback.sums'));
    const lock = await takeLock(project.paths.state, 'label', { command: 'studio' });
    const { ok, notes } = await verify(project);
    await lock.release();
    expect(ok).toBe(true);
    expect(notes).toEqual([expect.stringMatching(/^feedback\.jsonl: 12 of 12 lines had no record \(another process/)]);
    expect(await readdir(project.folder)).not.toContain('feedback.sums');
  });

  it('can be left at any time', async () => {
    const stopped = AbortSignal.abort();
    await expect(verifyProject(project, { progress, signal: stopped })).rejects.toThrow('abort');
  });
});

describe('damage', () => {
  const first = () => `images/${pictures()[0]!.file}`;
  const second = () => `images/${pictures()[1]!.file}`;
  const cases: Record<
    string,
    { damage: () => Promise<unknown>; expected: () => [path: string, fault: RegExp | string][] }
  > = {
    'a flipped byte in the pixels of a picture': {
      damage: async () => flip(first(), -40),
      expected: () => [[first(), /^expected the picture with this hash, got [0-9a-f]{16}$/]],
    },
    'a flipped byte in the text of a picture': {
      damage: async () => flip(first(), 60),
      expected: () => [[first(), /^expected the picture with this hash, got [0-9a-f]{16}$/]],
    },
    'a truncated picture': {
      damage: async () => truncate(at(first()), 200),
      expected: () => [[first(), 'expected a whole PNG, got 200 bytes of one']],
    },
    'an empty picture': {
      damage: async () => truncate(at(first()), 0),
      expected: () => [[first(), 'expected a whole PNG, got 0 bytes of one']],
    },
    'a missing picture': {
      damage: async () => rm(at(first())),
      expected: () => [[first(), 'expected a picture, found no such file']],
    },
    'two pictures that are swapped': {
      damage: async () => swap(first(), second()),
      expected: () => [
        [first(), `expected the picture with this hash, got that of ${second().slice('images/'.length)}`],
        [second(), `expected the picture with this hash, got that of ${first().slice('images/'.length)}`],
      ],
    },
    'a changed prompt in the index': {
      damage: async () =>
        editLines('images/index.jsonl', ([one, ...rest]) => [one!.replace('"prompt":"', '"prompt":"x'), ...rest]),
      expected: () => [['images/index.jsonl', 'line 1: expected the line that was recorded, got a changed one']],
    },
    'a removed line of the index': {
      damage: async () => editLines('images/index.jsonl', (lines) => lines.slice(0, -1)),
      expected: () => [['images/index.jsonl', 'line 12: expected 1 recorded line before it, found none']],
    },
    'a line of the index that leads out of the project': {
      damage: async () =>
        editLines('images/index.jsonl', ([one, ...rest]) => [
          one!.replace(/"file":"[^"]+"/, '"file":"../../../etc/passwd"'),
          ...rest,
        ]),
      expected: () => [['images/index.jsonl', 'line 1: expected the line that was recorded, got a changed one']],
    },
    'a changed label': {
      damage: async () =>
        editLines('feedback.jsonl', (lines) =>
          lines.map((line, i) => (i === 4 ? line.replace('"good"', '"bad"') : line)),
        ),
      expected: () => [['feedback.jsonl', 'line 5: expected the line that was recorded, got a changed one']],
    },
    'a line that is no JSON any more': {
      damage: async () =>
        editLines('feedback.jsonl', (lines) => lines.map((line, i) => (i === 4 ? line.slice(10) : line))),
      expected: () => [['feedback.jsonl', 'line 5: expected the line that was recorded, got a changed one']],
    },
    'a removed line': {
      damage: async () => editLines('feedback.jsonl', (lines) => lines.toSpliced(4, 1)),
      expected: () => [['feedback.jsonl', 'line 5: expected 1 recorded line before it, found none']],
    },
    'the last lines removed': {
      damage: async () => editLines('feedback.jsonl', (lines) => lines.slice(0, -3)),
      expected: () => [['feedback.jsonl', 'line 10: expected 3 recorded lines before it, found none']],
    },
    'a duplicated line': {
      damage: async () => editLines('feedback.jsonl', (lines) => lines.toSpliced(7, 0, lines[2]!)),
      expected: () => [['feedback.jsonl', 'line 8: expected each line once, got line 3 again']],
    },
    'two lines that are swapped': {
      damage: async () => editLines('feedback.jsonl', (lines) => lines.toSpliced(2, 2, lines[3]!, lines[2]!)),
      expected: () => [['feedback.jsonl', 'lines 3 and 4: expected the other order']],
    },
    'a foreign line': {
      damage: async () =>
        editLines('feedback.jsonl', (lines) => lines.toSpliced(2, 0, lines[2]!.replace('"e2"', '"other"'))),
      expected: () => [['feedback.jsonl', 'line 3: expected a line that was recorded, got another']],
    },
    'several at once': {
      damage: async () =>
        editLines('feedback.jsonl', (lines) => [
          lines[0]!,
          lines[1]!.replace('"bad"', '"good"'),
          ...lines.slice(4, 8),
          lines[4]!,
          ...lines.slice(8),
        ]),
      expected: () => [
        ['feedback.jsonl', 'line 2: expected the line that was recorded, got a changed one'],
        ['feedback.jsonl', 'line 3: expected 2 recorded lines before it, found none'],
        ['feedback.jsonl', 'line 7: expected each line once, got line 3 again'],
      ],
    },
    'no judgements at all': {
      damage: async () => rm(at('feedback.jsonl')),
      expected: () => [['feedback.jsonl', 'line 1: expected 12 recorded lines before it, found none']],
    },
    'no pictures at all, nor their index and its record': {
      damage: async () => rm(at('images'), { recursive: true }),
      expected: () => [
        [
          'images/index.jsonl',
          /^expected the 12 pictures that judgements name, 12 are missing, the first of them [0-9a-f]{16}$/,
        ],
      ],
    },
    'a model that a finished run wrote and that is gone': {
      damage: async () => rm(at('models/tuned'), { recursive: true }),
      expected: () => [['models/tuned', 'expected the model that run tuned wrote, found none']],
    },
    'the damaged result of a run': {
      damage: async () => truncate(at('runs/tuned/result.json'), 20),
      expected: () => [['runs/tuned/result.json', /expected the result of a finished run/]],
    },
    'a flipped byte in a model that is a link': {
      damage: async () => {
        await rename(at('models/tuned'), at('elsewhere'));
        await symlink(at('elsewhere'), at('models/tuned'), 'dir');
        await flip(UNET, -100);
      },
      expected: () => [[UNET, /^expected SHA-256/]],
    },
    'a flipped byte in the judgements': {
      damage: async () => flip('feedback.jsonl', 30),
      expected: () => [['feedback.jsonl', 'line 1: expected the line that was recorded, got a changed one']],
    },
    'a removed comparison': {
      damage: async () => editLines('comparisons.jsonl', (lines) => lines.slice(1)),
      expected: () => [['comparisons.jsonl', 'line 1: expected 1 recorded line before it, found none']],
    },
    'another name of a rater': {
      damage: async () => editLines('raters.jsonl', (lines) => lines.map((line) => line.replace('Ann', 'Eve'))),
      expected: () => [['raters.jsonl', 'line 1: expected the line that was recorded, got a changed one']],
    },
    'a flipped byte in weights': {
      damage: async () => flip(UNET, -100),
      expected: () => [[UNET, /^expected SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}$/]],
    },
    'weights that are cut off': {
      damage: async () => truncate(at(UNET), 1000),
      expected: () => [[UNET, /^expected \d+ bytes, got 1000 \(is it cut off\?\)$/]],
    },
    'missing weights': {
      damage: async () => rm(at(UNET)),
      expected: () => [[UNET, 'expected a file, found none']],
    },
    'a changed config of a model': {
      damage: async () => writeFile(at('models/tuned/scheduler/scheduler_config.json'), '{}'),
      expected: () => [['models/tuned/scheduler/scheduler_config.json', /^expected \d+ bytes, got 2/]],
    },
    'two files of a model that are swapped': {
      damage: async () => swap('models/tuned/unet/config.json', 'models/tuned/vae/config.json'),
      expected: () => [
        ['models/tuned/unet/config.json', /cut off|got that of vae\/config\.json/],
        ['models/tuned/vae/config.json', /cut off|got that of unet\/config\.json/],
      ],
    },
    'a flipped byte in a reward': {
      damage: async () => flip('models/reward-default/reward.safetensors', -1),
      expected: () => [['models/reward-default/reward.safetensors', /^expected SHA-256/]],
    },
    'damaged hashes': {
      damage: async () => writeFile(at('models/tuned/hashes.json'), '{"version":1,"files":{"../../x":{}}}'),
      expected: () => [
        ['models/tuned', /hashes\.json: expected the hashes of a model's files, got a bad value in files/],
      ],
    },
    'two checkpoints that are swapped': {
      damage: async () =>
        swap(
          'runs/tuned/checkpoints/step-00000001/parameters.safetensors',
          'runs/tuned/checkpoints/step-00000002/parameters.safetensors',
        ),
      expected: () => [
        ['runs/tuned/checkpoints/step-00000001/parameters.safetensors', /^expected SHA-256/],
        ['runs/tuned/checkpoints/step-00000002/parameters.safetensors', /^expected SHA-256/],
      ],
    },
    'a damaged manifest': {
      damage: async () => truncate(at('runs/tuned/checkpoints/step-00000001/manifest.json'), 20),
      expected: () => [['runs/tuned/checkpoints/step-00000001', /manifest\.json: expected a list of files/]],
    },
  };

  it.each(Object.entries(cases))('%s is named, and nothing else', async (_, { damage, expected }) => {
    const wanted = expected();
    await damage();
    const report = await verify(project);
    expect(report.ok).toBe(false);
    expect(report.damage.map(({ path, fault }) => [path, fault])).toEqual(
      wanted.map(([path, fault]) => [path, typeof fault === 'string' ? fault : expect.stringMatching(fault)]),
    );
    // Looking changes nothing: it is found again.
    expect((await verify(project)).damage).toEqual(report.damage);
  });

  it('is still found after more is judged', async () => {
    await editLines('feedback.jsonl', (lines) => lines.slice(0, -2));
    const { id: image, prompt } = pictures()[0]!;
    const log = openFeedbackLog(project.paths.feedback);
    await log.append([
      {
        id: 'more',
        query: 'more',
        time,
        rater: 'bob',
        raterKind: 'human',
        image,
        prompt,
        model: 'base',
        label: 'good',
      },
    ]);
    await log.close();
    expect((await verify(project)).damage).toEqual([
      { path: 'feedback.jsonl', fault: 'line 11: expected 2 recorded lines before it, found none' },
    ]);
  });

  it('of a record itself is mended where the lines are whole', async () => {
    const sums = await readFile(at('feedback.sums'), 'utf8');
    await writeFile(at('feedback.sums'), sums.replace(sums.slice(40, 44), 'zzzz'));
    expect(await verify(project)).toMatchObject({
      ok: true,
      notes: [expect.stringMatching(/^feedback\.jsonl: \d+ of 12/)],
    });
    expect(await readFile(at('feedback.sums'), 'utf8')).toBe(sums);
  });

  it('of a record itself does not stop judgements', async () => {
    await writeFile(at('feedback.sums'), 'nonsense');
    const { id: image, prompt } = pictures()[0]!;
    const log = openFeedbackLog(project.paths.feedback);
    await log.append([
      {
        id: 'more',
        query: 'more',
        time,
        rater: 'bob',
        raterKind: 'human',
        image,
        prompt,
        model: 'base',
        label: 'good',
      },
    ]);
    await log.close();
    expect(await verify(project)).toMatchObject({ ok: true, counts: { judgements: 13 } });
  });
});
