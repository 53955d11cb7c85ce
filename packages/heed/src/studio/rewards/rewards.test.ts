// The reward page's API on a project whose reward was really trained: versions, calibration, second looks, the queue.
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventId, openFeedbackLog, queryId } from '../../feedback/index.ts';
import { createImageStore } from '../../images/store.ts';
import { silentProgress } from '../../progress/progress.ts';
import type { Project } from '../../project/project.ts';
import type { RewardPrediction } from '../../reward/predictions.ts';
import { runReward } from '../../reward/run.ts';
import { trustWords } from '../../reward/trust.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { writeRandomModels } from '../../testing/random-models.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import { calibrate } from './calibration.ts';
import { openLabelQueue } from './label-queue.ts';
import type { RewardVersion } from './reward-versions.ts';
import { findSecondLooks } from './second-looks.ts';

interface Look {
  name: string;
  part: string;
  reward: number;
  label?: number;
  isAskable: boolean;
}
interface Details {
  calibration: ReturnType<typeof calibrate>;
  wrong: { heldOut: Look[]; all: Look[] };
  unsure: { unjudged: Look[]; all: Look[] };
}

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-rewards-'));
  const { clip } = await writeRandomModels(join(folder, 'models'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: 20,
    overrides: [`model.clip=${clip}`, 'reward.epochs=2', 'reward.hidden=16', 'threads=1', 'label.goldShare=0'],
  });
  const log = openFeedbackLog(project.paths.feedback);
  const images = createImageStore(project.paths.images).all().slice(0, 42);
  await log.append(
    images.map(({ id: image, prompt, model, seed }) => {
      const query = queryId(prompt, [image]);
      const id = eventId({ query, rater: 'Ada', image });
      const time = new Date(0).toISOString();
      const label = seed === 0 ? 'good' : 'bad';
      return { id, time, rater: 'Ada', raterKind: 'human', query, image, prompt, model, label };
    }),
  );
  await log.close();
  for (const name of ['first', 'default']) await runReward(project, { name }, silentProgress);
  test = await openTestStudio(project);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const get = async <T>(path: string) => (await (await test.request(path, { token: test.owner })).json()) as T;

describe('the rewards', () => {
  it('are listed by training, the newest first, with the name in use', async () => {
    const { versions } = await get<{ versions: RewardVersion[] }>('/api/rewards');
    for (const { trust, learningCurve } of versions) {
      expect(trust.length).toBeGreaterThan(0);
      expect(trust.map(({ verdict }) => verdict)).toEqual(trust.map(trustWords));
      expect(learningCurve!.points.at(-1)).toMatchObject({ share: 1 });
      expect(learningCurve!.verdict).toMatch(/^(The second half of the labels brought|Too few labels)/);
    }
    expect(versions.map(({ run, usedAs }) => [run, usedAs])).toEqual([
      ['reward-0002', ['default']],
      ['reward-0001', ['first']],
    ]);
  });

  it('show what they are wrong and unsure about', async () => {
    const { details } = await get<{ details: Details }>('/api/rewards/reward-0002');
    const { calibration, wrong, unsure } = details;
    expect(calibration.images).toBeGreaterThan(0);
    expect(calibration.bins.reduce((sum, { images }) => sum + images, 0)).toBe(calibration.images);
    const error = ({ label, reward }: Look) => Math.abs(label! - reward);
    const errors = wrong.all.map(error);
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    for (const look of wrong.all) expect(error(look)).toBeGreaterThan(0.5);
    for (const { part } of wrong.heldOut) expect(part).toBe('test');
    expect(unsure.unjudged).toHaveLength(18);
    for (const { part, isAskable } of unsure.unjudged) expect([part, isAskable]).toEqual(['unjudged', true]);
    const distances = unsure.all.map(({ reward }) => Math.abs(reward - 0.5));
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    for (const path of ['none', '..%2F..%2Fmodels', 'tuned']) {
      expect((await test.request(`/api/rewards/${path}`, { token: test.owner })).status).toBe(404);
    }
  });
});

describe('the queue', () => {
  const lease = async (token: string) =>
    (
      await test.post<{ queries: { id: string; images: { name: string }[] }[] }>(
        '/api/labelling/lease',
        { count: 3 },
        token,
      )
    ).queries;
  const lines = async () => (await readFile(join(project.folder, 'label-queue.jsonl'), 'utf8')).trim().split('\n');

  it('is on disk when it is acknowledged, is asked first, and ends with a judgement', async () => {
    const token = await test.rater('Ben');
    const usual = await lease(token);
    await test.post('/api/labelling/release', {}, token);
    const { details } = await get<{ details: Details }>('/api/rewards/reward-0002');
    const asked = new Set(usual.flatMap(({ images }) => images.map(({ name }) => name)));
    const picture = details.unsure.unjudged.map(({ name }) => name).find((name) => !asked.has(name))!;

    const queued = await test.post('/api/queue', { pictures: [picture, picture] }, test.owner);
    expect(queued).toMatchObject({ queries: 1, forYou: 1, withoutQuery: 0 });
    expect(await lines()).toHaveLength(1);
    // Again changes nothing.
    await test.post('/api/queue', { pictures: [picture] }, test.owner);
    expect(await lines()).toHaveLength(1);
    const unknown = { method: 'POST', body: { pictures: ['none'] }, token: test.owner };
    expect((await test.request('/api/queue', unknown)).status).toBe(404);

    // As after a crash: read from the file alone.
    const reopened = openLabelQueue(project, { db: test.studio.database.db });
    expect(await reopened.waiting()).toHaveLength(1);

    const [first] = await lease(token);
    expect(first!.images.map(({ name }) => name)).toContain(picture);
    // While one has it, another is asked what is next.
    expect((await lease(await test.rater('Cleo'))).map(({ id }) => id)).not.toContain(first!.id);
    const id = randomUUID();
    const labels = first!.images.map(() => 'good');
    await test.post('/api/labelling/answers', { id, query: first!.id, labels }, token);
    expect(await get('/api/queue')).toMatchObject({ queries: 0, pictures: [] });
    // Taken back, it waits again.
    await test.post(`/api/labelling/answers/${id}/retract`, {}, token);
    expect(await get('/api/queue')).toMatchObject({ queries: 1 });
    await test.post('/api/queue/clear', {}, test.owner);
    expect(await get('/api/queue')).toMatchObject({ queries: 0 });
    expect(await openLabelQueue(project, { db: test.studio.database.db }).waiting()).toEqual([]);
  });
});

describe('calibration', () => {
  it('puts every image into one bin and finds a perfect reward perfect', () => {
    const items = Array.from({ length: 100 }, (_, i) => ({ reward: 0.75, label: i % 4 === 0 ? 0 : 1 }));
    const perfect = calibrate([...items, { reward: 1, label: 1 }, { reward: 0, label: 0 }]);
    expect(perfect.images).toBe(102);
    expect(perfect.bins.map(({ images }) => images)).toEqual([1, 0, 0, 0, 0, 0, 0, 100, 0, 1]);
    expect(perfect.expectedError).toBeCloseTo(0, 12);
    expect(perfect.bins[7]!.label!.mean).toBeCloseTo(0.75, 12);
    const wrong = calibrate(items.map(({ label }) => ({ reward: 0.25, label })));
    expect(wrong.expectedError).toBeCloseTo(0.5, 12);
    expect(wrong.squaredError).toBeCloseTo(0.75 * 0.75 ** 2 + 0.25 * 0.25 ** 2, 12);
    expect(wrong.squaredErrorOfMean).toBeCloseTo(0.75 * 0.25, 12);
    expect(calibrate([])).toMatchObject({ images: 0 });
  });

  it('calls a reward wrong only across the middle', () => {
    const images = createImageStore(project.paths.images);
    const [a, b] = images.all();
    const line = (image: string, label: number, reward: number): RewardPrediction => ({
      image,
      part: 'test',
      label,
      reward,
      clip: 0,
      judgements: 1,
    });
    const looks = findSecondLooks([line(a!.id, 0.5, 0.99), line(b!.id, 1, 0.4), line('gone', 1, 0)], {
      images,
      count: 9,
    });
    expect(looks.wrong.all.map(({ image }) => image.id)).toEqual([b!.id]);
  });
});
