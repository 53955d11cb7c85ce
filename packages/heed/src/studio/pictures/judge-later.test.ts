import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createImageStore } from '../../images/index.ts';
import { initProject, type Project, takeLock } from '../../project/index.ts';
import { addDrawnImages } from '../../testing/drawn-project.ts';
import { openJudgeLater } from './judge-later.ts';

let folder: string;
let project: Project;
let images: string[];
let adopted: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-judge-later-'));
  project = await initProject(join(folder, 'p'));
  await addDrawnImages(project, { prompts: paperTrainingPrompts().slice(0, 1), set: 'try', purpose: 'measure' });
  images = createImageStore(project.paths.images)
    .all()
    .map(({ id }) => id);
  adopted = [];
});
afterEach(() => rm(folder, { recursive: true }));

const open = () =>
  openJudgeLater(project, {
    set: 'train',
    lookEveryMs: 10,
    onAdopted: async (ids) => {
      adopted.push(...ids);
    },
  });
const train = () =>
  createImageStore(project.paths.images)
    .all({ set: 'train' })
    .map(({ id }) => id);

it('takes a picture in at once where no command draws', async () => {
  const judgeLater = open();
  expect(await judgeLater.add(images[0]!)).toEqual({});
  expect([train(), adopted]).toEqual([[images[0]], [images[0]]]);
  await judgeLater.close();
});

it('takes pictures in when the command that draws has ended, and once however often they are wanted', async () => {
  const judgeLater = open();
  const drawing = await takeLock(project.paths.state, 'generate');
  for (const image of [images[0]!, images[1]!, images[0]!]) {
    expect(await judgeLater.add(image)).toEqual({ waitsFor: 'generate' });
  }
  expect(train()).toEqual([]);
  await drawing.release();
  await expect.poll(train).toEqual([images[0], images[1]]);
  await judgeLater.close();
  expect(adopted).toEqual([images[0], images[1]]);
});

it('does not call its own work a command that draws', async () => {
  const judgeLater = open();
  const drawing = await takeLock(project.paths.state, 'generate');
  await judgeLater.add(images[0]!);
  await drawing.release();
  // Picture after picture, while the one that waited is taken in.
  const added = await Promise.all(Array.from({ length: 20 }, (_, i) => judgeLater.add(images[i % images.length]!)));
  expect(added).toEqual(added.map(() => ({})));
  await expect.poll(train).toHaveLength(images.length);
  await judgeLater.close();
});

it('carries out after a restart what an earlier studio did not come to', async () => {
  const first = open();
  const drawing = await takeLock(project.paths.state, 'generate');
  await first.add(images[2]!);
  await first.close();
  await drawing.release();
  const second = open();
  await expect.poll(train).toEqual([images[2]]);
  await second.close();
  expect(adopted).toEqual([images[2]]);
});
