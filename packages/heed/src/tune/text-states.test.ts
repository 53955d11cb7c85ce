/** Text states from disk against those of the encoder itself, also when the encoder is gone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModelFolder, StableDiffusionPipeline } from '@heed/diffusion';
import { afterAll, expect, test } from 'vitest';
import { silentProgress } from '../progress/progress.ts';
import { initProject } from '../project/index.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { openTextStates } from './text-states.ts';

const folder = await mkdtemp(join(tmpdir(), 'heed-text-states-'));
afterAll(() => rm(folder, { recursive: true }));

test('a large encoder is needed once, a small one as prompts come', async () => {
  const { model } = await writeRandomModels(folder);
  const project = await initProject(join(folder, 'project'));
  const open = async (encoderParameters: number) => {
    const pipeline = new StableDiffusionPipeline(await loadModelFolder(model), { threads: 1 });
    const prompts = ['two dogs.', 'a green colored dog.', 'two dogs.', ''];
    const states = await openTextStates(project, { pipeline, prompts, encoderParameters, progress: silentProgress });
    return { pipeline, states };
  };
  const asked = ['', 'two dogs.', 'two dogs.', 'a green colored dog.'];
  const [small, large, again] = [await open(0), await open(2 ** 30), await open(2 ** 30)];
  expect([small, large, again].map(({ states }) => states.isComplete)).toEqual([false, true, true]);
  await large.pipeline.dispose();
  const expected = await small.states.of(asked);
  expect(expected).toHaveLength(asked.length * small.pipeline.textShape[0] * small.pipeline.textShape[1]);
  // Batches of other sizes may round otherwise.
  for (const { states } of [large, again]) {
    (await states.of(asked)).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 5);
    });
  }
  await expect(large.states.of(['never asked for'])).rejects.toThrow('found none');
  for (const { pipeline, states } of [small, large, again]) {
    await states.close();
    await pipeline.dispose();
  }
});
