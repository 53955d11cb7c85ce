// What is worth a label: the order by hand, and `heed next` from a reward to a sheet and to the studio's queue.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageStore } from '../images/index.ts';
import { silentProgress } from '../progress/progress.ts';
import { openProject, type Project } from '../project/index.ts';
import { runReward } from '../reward/run.ts';
import { makeDrawnProject } from '../testing/drawn-project.ts';
import { judgeByCoin } from '../testing/judge-by-coin.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { rankCandidates, weakCategories } from './rank-images.ts';
import { runNext } from './run.ts';

const candidate = (id: string, reward: number, more: { prompt?: string; category?: string; spread?: number } = {}) => ({
  id,
  prompt: id,
  category: 'colour',
  reward,
  ...more,
});
const order = (...args: Parameters<typeof rankCandidates>) => rankCandidates(...args).map(({ id }) => id);
const weak = new Set<string>();

describe('rankCandidates', () => {
  it('asks for what one network cannot tell, and for what several differ on', () => {
    expect(
      order([candidate('sure', 0.9), candidate('unsure', 0.45), candidate('bad', 0.2)], { weak, count: 2 }),
    ).toEqual(['unsure', 'bad']);
    const several = [candidate('agreed', 0.5, { spread: 0.01 }), candidate('open', 0.9, { spread: 0.2 })];
    expect(order(several, { weak, count: 2 })).toEqual(['open', 'agreed']);
  });

  it('counts weak categories double, and lets prompts take turns', () => {
    const candidates = [
      candidate('a1', 0.5, { prompt: 'a' }),
      candidate('a2', 0.5, { prompt: 'a' }),
      candidate('b', 0.8, { category: 'count' }),
      candidate('c', 0.75),
    ];
    expect(order(candidates, { weak, count: 4 })).toEqual(['a1', 'c', 'b', 'a2']);
    expect(order(candidates, { weak: new Set(['count']), count: 4 })).toEqual(['a1', 'b', 'c', 'a2']);
    expect(order(candidates, { weak, count: 2, turns: false })).toEqual(['a1', 'a2']);
  });
});

it('a category is weak where chance is not excluded or CLIP score is as good', () => {
  const interval = (mean: number) => ({ pairs: 50, prompts: 9, accuracy: { mean, lo: mean - 0.1, hi: mean + 0.1 } });
  const clip = { byCategory: { count: { seen: interval(0.7), unseen: interval(0.5) } } };
  const trusted = (category: string, trust: 'measured' | 'unsure') =>
    ({ category, group: 'seen', trust, ...interval(0.68) }) as const;
  const report = {
    trust: [trusted('colour', 'measured'), trusted('background', 'unsure'), trusted('count', 'measured')],
    accuracy: { clip },
  };
  expect([...weakCategories(report as never)]).toEqual(['background', 'count']);
  expect(weakCategories(undefined).size).toBe(0);
});

describe('heed next', () => {
  let folder: string;
  let project: Project;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heed-next-'));
    const { clip } = await writeRandomModels(folder);
    const overrides = [`model.clip=${clip}`, 'world=emoji', 'reward.hidden=16', 'reward.epochs=2', 'threads=1'];
    const made = await makeDrawnProject(join(folder, 'p'), { prompts: 10, imagesPerPrompt: 6, overrides });
    const ids = createImageStore(made.paths.images).all();
    const judged = new Set(ids.filter((_, i) => i % 6 < 3).map(({ id }) => id));
    await judgeByCoin(made, { judges: ({ id }) => judged.has(id) });
    project = await openProject(made.folder, { overrides: ['reward.members=3'] });
    await runReward(project, { learningCurve: false }, silentProgress);
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  it('ranks images without a judgement, writes the sheet, and queues their queries', async () => {
    const sheet = join(folder, 'next.csv');
    const common = { set: 'train', reward: 'default', signal: new AbortController().signal };
    const found = await runNext(project, { ...common, count: 12, sheet, queue: true }, silentProgress);
    expect(found.candidates).toBe(30);
    expect(found.images).toHaveLength(12);
    expect(found.images.every(({ spread }) => spread! > 0)).toBe(true);
    expect(found.prompts).toHaveLength(10);
    const rows = (await readFile(sheet, 'utf8')).trim().split('\n');
    expect(rows).toHaveLength(13);
    const queue = (await readFile(join(project.folder, 'label-queue.jsonl'), 'utf8')).trim().split('\n');
    expect(queue.map((line) => JSON.parse(line).event)).toEqual(Array(found.queued).fill('queued'));
    // Three images a query: the other three of each prompt.
    expect(found.queued).toBe(10);

    await judgeByCoin(project);
    await expect(runNext(project, { ...common, count: 1, queue: false }, silentProgress)).rejects.toThrow(
      "expected images without a judgement in set 'train', found none",
    );
  });
});
