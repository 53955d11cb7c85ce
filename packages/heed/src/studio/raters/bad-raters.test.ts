// One rater in five is bad: always the same answer, by chance, too fast. The flags find these and no other rater, and a
// reward fitted without them is nearer to the truth.
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ImageRecord } from '../../images/record.ts';
import type { Project } from '../../project/project.ts';
import type { Features } from '../../reward/features.ts';
import { readLabels } from '../../reward/project-labels.ts';
import { scoreImages } from '../../reward/score-images.ts';
import { trainReward } from '../../reward/train.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';

type Label = 'good' | 'bad';
interface Asked {
  id: string;
  images: { name: string }[];
}
/** How a rater labels one image of a query, and whether they take their time. */
interface Habit {
  label: (image: ImageRecord, query: string) => Label;
  isPatient: boolean;
}

const RATERS = 15;
const KNOWN = 16;

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-bad-raters-'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: 96,
    overrides: [
      'label.ratersPerQuery=3',
      'label.goldShare=0.35',
      'label.repeatShare=0.25',
      'label.practiceQueries=2',
      // Far above what a busy machine needs for a request.
      'label.minAnswerMs=60000',
    ],
  });
  // What raters are asked follows from the project's secret: here it is always the same.
  await mkdir(join(project.paths.state, 'studio'), { recursive: true });
  await writeFile(join(project.paths.state, 'studio', 'secret'), '5a'.repeat(32), { mode: 0o600 });
  test = await openTestStudio(project);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

/** What is right, for about half of the images. */
const truth = ({ id }: ImageRecord): Label => (Number.parseInt(id[0]!, 16) % 2 === 0 ? 'good' : 'bad');
const chance = (...facts: string[]) => createRandom(3).fork(facts.join(' ')).uniform();
const opposite = (label: Label): Label => (label === 'good' ? 'bad' : 'good');

/** People slip now and then, and mostly on the same images when asked again. */
const careful =
  (rater: string): Habit['label'] =>
  (image) =>
    chance(rater, image.id) < 0.05 ? opposite(truth(image)) : truth(image);
const HABITS: Readonly<Record<string, Habit>> = {
  ...Object.fromEntries(
    Array.from({ length: RATERS - 3 }, (_, i) => [`careful-${i}`, { label: careful(`careful-${i}`), isPatient: true }]),
  ),
  constant: { label: () => 'good', isPatient: true },
  random: { label: ({ id }, query) => (chance('random', id, query) < 0.5 ? 'good' : 'bad'), isPatient: true },
  hasty: { label: careful('hasty'), isPatient: false },
};

/** The rater answers all that they are asked. */
async function judgeAll(rater: string, { label, isPatient }: Habit): Promise<void> {
  const token = await test.rater(rater);
  for (;;) {
    const { queries } = await test.post<{ queries: Asked[] }>('/api/labelling/lease', { count: 4 }, token);
    if (queries.length === 0) return;
    if (isPatient) {
      await test.studio.database.db.execute(sql`
        update leases set handed_at = handed_at - interval '2 minutes' where rater = ${rater}`);
    }
    for (const { id: query, images } of queries) {
      const labels = images.map(({ name }) => label(test.studio.images.find(name)!, query));
      await test.post('/api/labelling/answers', { id: randomUUID(), query, labels, seconds: 90 }, token);
    }
  }
}

/**
 * Fits a reward on what the raters say by now: its mean squared distance from the truth on unjudged images, and the
 * mean distance of the labels.
 */
async function rewardError(): Promise<{ images: number; error: number; wrong: number }> {
  const images = test.studio.images.current().all();
  const labelled = await readLabels(project, images);
  const judged = new Set(labelled.map(({ image }) => image.id));
  const unjudged = images.filter(({ id }) => !judged.has(id));
  const features = featuresOf(images);
  const { model } = await trainReward({
    training: labelled.slice(0, -40),
    validation: labelled.slice(-40),
    features,
    options: { hiddenSize: 16, lambda: 0, batchSize: 32, maxEpochs: 25, learningRate: 3e-3 },
    seed: 5,
    threads: 1,
  });
  const scores = await scoreImages(model, unjudged, features);
  const wanted = (image: ImageRecord) => Number(truth(image) === 'good');
  return {
    images: labelled.length,
    error: unjudged.reduce((sum, image, i) => sum + (scores[i]! - wanted(image)) ** 2, 0) / unjudged.length,
    // Not the images whose majority errs: with two raters each there are so few that chance decides.
    wrong: labelled.reduce((sum, { image, label }) => sum + Math.abs(label - wanted(image)), 0) / labelled.length,
  };
}

/** Embeddings in which the truth can be seen, through noise. */
function featuresOf(images: readonly ImageRecord[]): Features {
  const random = createRandom(8);
  const embeddings = new Map(
    images.map((image) => {
      const side = truth(image) === 'good' ? 1 : -1;
      return [image.id, Float32Array.from({ length: 8 }, (_, i) => (i === 0 ? side : 0) + 0.5 * random.normal())];
    }),
  );
  return {
    projectionDim: 8,
    prepareTexts: async () => {},
    prepareImages: async () => {},
    text: () => new Float32Array(8).fill(0.35),
    image: (id) => embeddings.get(id)!,
    close: async () => {},
  };
}

it('flags them by what is known, by repeats and by time, and the reward gains without them', {
  timeout: 400_000,
}, async () => {
  const { rows } = await test.studio.database.db.execute<{ id: string; images: string[] }>(
    sql`select id, images from queries order by position`,
  );
  for (const { id: query, images } of rows.slice(0, KNOWN)) {
    const marks = images.map((image) => ({ label: truth(test.studio.images.current().get(image)) }));
    await test.post('/api/gold', { query, images: marks }, test.owner);
  }
  await Promise.all(Object.entries(HABITS).map(([rater, habit]) => judgeAll(rater, habit)));

  const response = await test.request('/api/raters', { token: test.owner });
  const { raters } = (await response.json()) as {
    raters: { id: string; quality: { flags: string[]; gold?: { count: number }; repeats?: { count: number } } }[];
  };
  const flags = Object.fromEntries(
    raters.filter(({ quality }) => quality.flags.length > 0).map(({ id, quality }) => [id, quality.flags]),
  );
  expect(Object.keys(flags).sort()).toEqual(['constant', 'hasty', 'random']);
  expect(flags.constant).toContain('constant');
  expect(['gold', 'repeats'].some((flag) => flags.random!.includes(flag))).toBe(true);
  expect(flags.hasty).toEqual(['speed']);
  for (const { quality } of raters.filter(({ id }) => id in HABITS)) {
    expect(quality.gold!.count).toBeGreaterThan(10);
    expect(quality.repeats!.count).toBeGreaterThan(0);
  }

  const withBad = await rewardError();
  for (const id of Object.keys(flags)) await test.post(`/api/raters/${id}/set-aside`, {}, test.owner);
  const without = await rewardError();
  expect(without.wrong).toBeLessThan(withBad.wrong);
  expect(without.error).toBeLessThan(withBad.error);
  // It can be undone: nothing was deleted.
  for (const id of Object.keys(flags)) await test.post(`/api/raters/${id}/take-back`, {}, test.owner);
  expect(await rewardError()).toEqual(withBad);
});
