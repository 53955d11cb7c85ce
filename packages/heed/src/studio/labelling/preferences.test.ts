// Label studies that ask which image is better: what is asked, kept, undone, exported, and what it teaches.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportPairs } from '../../export/preference-pairs.ts';
import { exportFeedback } from '../../export/tables.ts';
import { importFeedbackFile, lastWords, openFeedbackLog } from '../../feedback/index.ts';
import { statedPreferences } from '../../feedback/preferences.ts';
import { createImageStore } from '../../images/index.ts';
import type { Project } from '../../project/project.ts';
import { rewardPairs } from '../../reward/reward-pairs.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { rebuildStudio } from '../storage/rebuild.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';

interface Asked {
  id: string;
  asksBest: boolean;
  isPractice: boolean;
  images: { name: string }[];
}

let folder: string;
let project: Project;
let test: TestStudio;
const open = async (kind: string) => {
  const overrides = [`label.kind=${kind}`, 'label.minAnswerMs=0', 'label.ratersPerQuery=1'];
  project = await makeDrawnProject(join(folder, kind), { prompts: 2, imagesPerPrompt: 5, overrides });
  test = await openTestStudio(project);
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-preferences-'));
});
afterEach(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});
const lease = async (token: string) =>
  (await test.post<{ queries: Asked[] }>('/api/labelling/lease', { count: 10 }, token)).queries;
const answer = (query: Asked, labels: string[], token: string) =>
  test.request('/api/labelling/answers', {
    method: 'POST',
    body: { id: randomUUID(), query: query.id, labels, seconds: 3 },
    token,
  });
const events = async () => openFeedbackLog(project.paths.feedback).read();

describe('which of two is better', () => {
  it('is asked of pairs, kept as a preference, and says nothing of good or bad', async () => {
    await open('pair');
    const token = await test.rater('ann');
    const queries = await lease(token);
    // Five images of a prompt make two pairs; the one that is left over is not asked.
    expect(queries.map(({ images, asksBest, isPractice }) => [images.length, asksBest, isPractice])).toEqual(
      Array(4).fill([2, true, false]),
    );
    for (const [labels, status] of [
      [['bad', 'bad'], 409],
      [['good'], 409],
      [['good', 'bad'], 200],
    ] as const) {
      expect((await answer(queries[0]!, [...labels], token)).status).toBe(status);
    }
    expect((await answer(queries[1]!, ['good', 'good'], token)).status).toBe(200);
    const log = await events();
    expect(log.map(({ purpose, label }) => [purpose, label])).toEqual([
      ['preference', 'good'],
      ['preference', 'bad'],
      ['preference', 'good'],
      ['preference', 'good'],
    ]);
    expect(lastWords(log)).toEqual([]);
    expect(statedPreferences(log).map(({ isTie }) => isTie)).toEqual([false, true]);
    const standing = await (await test.request('/api/labelling/standing', { token })).json();
    expect(standing).toMatchObject({ answered: 2, open: 2 });
    // No other rater is asked an answered query.
    expect(await lease(await test.rater('ben'))).toEqual([]);
    await test.close();
    expect(await rebuildStudio(project)).toEqual({ answers: 2, queries: 4 });
    test = await openTestStudio(project);
    expect(await lease(await test.rater('ben'))).toHaveLength(2);
  });
});

describe('the best of three', () => {
  it('makes two pairs, which are taken back together, exported, and imported again', async () => {
    await open('best');
    const token = await test.rater('ann');
    const [query] = (await lease(token)).filter(({ images }) => images.length === 3);
    const id = randomUUID();
    const body = { id, query: query!.id, labels: ['bad', 'good', 'bad'] };
    expect((await test.request('/api/labelling/answers', { method: 'POST', body, token })).status).toBe(200);
    const best = test.studio.images.find(query!.images[1]!.name)!.id;
    const images = createImageStore(project.paths.images).all();
    const pairs = rewardPairs(images, await events());
    expect(pairs.map(({ first, second, share }) => (share === 1 ? first.id : second.id))).toEqual([best, best]);

    const parquet = join(folder, 'train.parquet');
    expect(await exportPairs(project, parquet)).toMatchObject({ rows: 2 });
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(parquet) });
    expect(rows.map(({ best_image_uid, user_id }) => [best_image_uid, user_id])).toEqual(Array(2).fill([best, 'ann']));
    const csv = join(folder, 'feedback.csv');
    await exportFeedback(project, csv);
    const twin = await makeDrawnProject(join(folder, 'twin'), { prompts: 2, imagesPerPrompt: 5 });
    await importFeedbackFile(twin, csv);
    expect(rewardPairs(images, await openFeedbackLog(twin.paths.feedback).read())).toEqual(pairs);

    await test.request(`/api/labelling/answers/${id}/retract`, { method: 'POST', token });
    expect(statedPreferences(await events())).toEqual([]);
    await expect(exportPairs(project, parquet)).rejects.toThrow('nothing was written');
  });
});
