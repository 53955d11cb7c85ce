// Which images tuning counts as labelled, and which as free to be used without a label.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { appendRaterEvent, eventId, openFeedbackLog, queryId } from '../feedback/index.ts';
import { createImageStore } from '../images/index.ts';
import type { Project } from '../project/index.ts';
import { makeDrawnProject } from '../testing/drawn-project.ts';
import { findModelImages } from './model-data.ts';

let folder: string;
let project: Project;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-model-data-'));
  project = await makeDrawnProject(join(folder, 'p'), { prompts: 2 });
});
afterAll(() => rm(folder, { recursive: true }));

const time = new Date(0).toISOString();

async function judge(rater: string, image: { id: string; prompt: string; model: string }, label: 'good' | 'skip') {
  const { id, prompt, model } = image;
  const query = queryId(prompt, [id]);
  const log = openFeedbackLog(project.paths.feedback);
  await log.append([
    {
      id: eventId({ query, rater, image: id }),
      time,
      rater,
      raterKind: 'human',
      query,
      image: id,
      prompt,
      model,
      label,
    },
  ]);
  await log.close();
}

/** Image ids by whether they count as labelled. */
async function chosen() {
  const store = createImageStore(project.paths.images);
  const { labelled, unlabelled } = await findModelImages({
    project,
    store,
    modelHashes: new Set(['hash of base']),
    keptPrompts: new Set(),
    options: { streams: { labelled: true, unlabelled: true, pretraining: false } },
  });
  await store.close();
  return { labelled: labelled.map(({ image }) => image.id), unlabelled: unlabelled.map(({ id }) => id) };
}

it('takes an image that only raters judged who are set aside for one that nobody judged', async () => {
  const images = createImageStore(project.paths.images).all();
  const ids = images.map(({ id }) => id);
  await judge('Ada', images[0]!, 'good');
  await judge('Ben', images[1]!, 'good');
  await judge('Ben', images[2]!, 'skip');
  await judge('Ada', images[3]!, 'good');
  await judge('Ben', images[3]!, 'good');
  // A skipped one is neither.
  expect(await chosen()).toEqual({ labelled: [ids[0], ids[1], ids[3]], unlabelled: ids.slice(4) });
  await appendRaterEvent(project, { time, rater: 'Ben', event: 'set-aside' });
  expect(await chosen()).toEqual({ labelled: [ids[0], ids[3]], unlabelled: [ids[1], ids[2], ...ids.slice(4)] });
  await appendRaterEvent(project, { time, rater: 'Ben', event: 'taken-back' });
  expect((await chosen()).labelled).toHaveLength(3);
});
