// The page of rounds: models with lineage and figures, and one button that puts the images worth a label first.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageStore } from '../../images/index.ts';
import { runNext } from '../../next/run.ts';
import { silentProgress } from '../../progress/progress.ts';
import type { Project } from '../../project/index.ts';
import { MODEL_INDEX_FILE } from '../../project/models.ts';
import { selectPrompts } from '../../prompts/select.ts';
import { exampleInput } from '../../report/example-input.ts';
import { runReward } from '../../reward/run.ts';
import { writeLineage } from '../../rounds/lineage.ts';
import { addDrawnImages, makeDrawnProject } from '../../testing/drawn-project.ts';
import { judgeByCoin } from '../../testing/judge-by-coin.ts';
import { writeRandomModels } from '../../testing/random-models.ts';
import type { Job } from '../jobs/job.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';

const PROMPTS = 6;
const IMAGES = 6;

interface Rounds {
  models: { name: string; round: number; images: number; judged: number; unjudged: number; figures: unknown }[];
  columns: { id: string }[];
  reward: string | null;
  labelNext: { model: string | null; images: number; weak: string[] };
  undrawn: string | null;
}

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-rounds-'));
  const { clip } = await writeRandomModels(join(folder, 'models'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: PROMPTS,
    imagesPerPrompt: IMAGES,
    overrides: [`model.clip=${clip}`, 'reward.epochs=2', 'reward.hidden=16', 'threads=1', 'label.goldShare=0'],
  });
  await judgeByCoin(project);
  test = await openTestStudio(project);
}, 60_000);
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const read = async () =>
  (await (await test.request('/api/rounds', { token: test.owner })).json()) as Rounds & Record<string, unknown>;
const labelNext = (count: number) =>
  test.request('/api/rounds/label-next', { method: 'POST', body: { count }, token: test.owner });

/** The tuned model of round 1, as a run leaves it but for its weights. */
async function addTuned(): Promise<void> {
  const model = join(project.paths.models, 'tuned');
  await mkdir(model, { recursive: true });
  await writeFile(join(model, MODEL_INDEX_FILE), '{}');
  await writeLineage(
    model,
    {
      name: 'tuned',
      modelHash: 'hash of tuned',
      parent: { name: 'base', modelHash: 'hash of base' },
      round: 1,
      run: 'tuned',
      method: 'dpo',
      steps: 5,
      data: { labelled: 36, unlabelled: 0, pretraining: 0, byRound: { 1: 36 } },
    },
    undefined,
  );
}

describe('rounds', () => {
  it('show what was judged, and refuse where nothing is to be labelled', async () => {
    const { models, reward, labelNext: next, undrawn } = await read();
    expect(models).toMatchObject([{ name: 'base', round: 0, images: 36, judged: 36, unjudged: 0, figures: null }]);
    expect([reward, next, undrawn]).toEqual([null, { model: null, images: 0, weak: [] }, null]);
    const refused = await labelNext(5);
    expect([refused.status, await refused.json()]).toEqual([409, { error: 'every image is judged; draw more first' }]);
  });

  it('show the tuned model with its parent and the figures of its evaluation', async () => {
    await addTuned();
    expect(await read()).toMatchObject({ undrawn: 'tuned', labelNext: { model: null } });
    const evaluation = exampleInput().evaluation!;
    const run = join(project.paths.runs, 'evaluate-0001');
    await mkdir(run, { recursive: true });
    const arms = evaluation.arms.map((arm) =>
      arm.name === 'tuned' ? { ...arm, model: 'tuned', modelHash: 'hash of tuned' } : arm,
    );
    await writeFile(join(run, 'evaluation.json'), JSON.stringify({ ...evaluation, run: 'evaluate-0001', arms }));
    const { models, columns } = await read();
    expect(columns[0]!.id).toBe('aligned');
    const { mean } = evaluation.figures.find(({ id }) => id === 'aligned')!.arms.tuned!;
    expect(models[1]).toMatchObject({
      name: 'tuned',
      round: 1,
      lineage: { parent: { name: 'base' }, method: 'dpo' },
      figures: { run: 'evaluate-0001' },
    });
    const { cells } = models[1]!.figures as { cells: { id: string; text: string }[] };
    expect(cells[0]!.text).toContain(`${(100 * mean).toFixed(1)} %`);
  });

  it('have the doubtful images of the newest model judged before all others', { timeout: 60_000 }, async () => {
    const prompts = selectPrompts(paperTrainingPrompts(), PROMPTS);
    await addDrawnImages(project, { prompts, imagesPerPrompt: IMAGES, model: 'tuned' });
    await expect.poll(async () => (await read()).labelNext.images, { timeout: 20_000 }).toBe(36);
    expect(await (await labelNext(4)).json()).toEqual({ error: 'there is no reward to be in doubt; train one first' });
    await runReward(project, { learningCurve: false }, silentProgress);
    const { labelNext: next, reward } = await read();
    expect([reward, next.model, next.images]).toEqual(['default', 'tuned', 36]);

    const job = (await (await labelNext(4)).json()) as Job;
    expect(job).toMatchObject({ kind: 'next' });
    const state = async () =>
      ((await (await test.request('/api/jobs', { token: test.owner })).json()) as { jobs: Job[] }).jobs[0]!.state;
    await expect.poll(state, { timeout: 40_000 }).toBe('done');
    const signal = new AbortController().signal;
    const common = { set: 'train', reward: 'default', model: 'tuned', signal };
    const { images } = await runNext(project, { ...common, count: 4, queue: false }, silentProgress);
    const store = createImageStore(project.paths.images);
    expect(images.map(({ id }) => store.get(id).model)).toEqual(Array(4).fill('tuned'));
    const wanted = images.map(({ id }) => test.studio.images.nameOf(id));
    await store.close();
    const queue = (await (await test.request('/api/queue', { token: test.owner })).json()) as { pictures: string[] };
    expect(queue.pictures).toEqual(expect.arrayContaining(wanted));

    const token = await test.rater('Ben');
    const { queries } = await test.post<{ queries: { images: { name: string }[] }[] }>(
      '/api/labelling/lease',
      { count: 2 },
      token,
    );
    for (const query of queries) {
      expect(query.images.some(({ name }) => wanted.includes(name))).toBe(true);
    }
  });

  it('are there for owners alone', async () => {
    const token = await test.rater('Cleo');
    expect((await test.request('/api/rounds', { token })).status).toBe(404);
  });
});
