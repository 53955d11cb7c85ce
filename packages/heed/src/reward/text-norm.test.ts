// TextNorm and ensembles: the numbers by hand, and both through `heed reward` to the scorer that chooses images.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emojiWorld } from '@heed/emoji-world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImageStore } from '../images/index.ts';
import { silentProgress } from '../progress/progress.ts';
import { openProject, type Project } from '../project/index.ts';
import { addDrawnImages, makeDrawnProject } from '../testing/drawn-project.ts';
import { judgeByCoin } from '../testing/judge-by-coin.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { readPredictions } from './predictions.ts';
import { loadRewardModel } from './reward-model.ts';
import { runReward } from './run.ts';
import { scoreImages } from './score-images.ts';
import { openRewardScorer, rewardFolder } from './scorer.ts';
import { chooseTemperature, contrastPrompts, normalise } from './text-norm.ts';

describe('normalise', () => {
  it.each([
    [[0.6, 0.6, 0.6], 0.1, 1 / 3],
    [[0.7, 0.5], 0.1, 1 / (1 + Math.exp(-2))],
    [[0.2, 0.9], 0.02, 1 / (1 + Math.exp(35))],
    [[0.8], 0.1, 1],
  ])('%j at temperature %f', (rewards, temperature, expected) => {
    expect(normalise(rewards, { mode: 'alone', temperature })).toBeCloseTo(expected, 12);
    expect(normalise(rewards, { mode: 'product', temperature })).toBeCloseTo(rewards[0]! * expected, 12);
  });
});

it('contrasts mean something else, are the same each time, and know a prompt of no world', () => {
  const options = { prompts: ['a red car', 'a blue boat'], count: 5, seed: 1 };
  const ofEmoji = contrastPrompts({ ...options, world: emojiWorld });
  const dogs = ofEmoji('Two dogs.');
  expect(dogs).toHaveLength(5);
  expect(dogs).not.toContain('Two dogs.');
  ofEmoji('A cat.');
  expect(contrastPrompts({ ...options, world: emojiWorld })('Two dogs.')).toEqual(dogs);
  const ofNone = contrastPrompts({ ...options, world: { name: 'none', perturb: () => [] } });
  expect(ofNone('a red boat').length).toBeGreaterThan(0);
});

it('the temperature is the one that ranks most pairs as people do', async () => {
  const image = (id: string) => ({ id, prompt: 'p', category: 'c', holdout: false }) as never;
  const labelled = [
    { image: image('good'), label: 1, judgements: 1 },
    { image: image('bad'), label: 0, judgements: 1 },
  ];
  expect(await chooseTemperature(labelled, async (t) => (t === 0.2 ? [1, 0] : [0, 1]))).toBe(0.2);
  expect(await chooseTemperature([], async () => [])).toBe(0.1);
});

describe('a reward of three networks with TextNorm', () => {
  let folder: string;
  let project: Project;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heed-text-norm-'));
    const { clip } = await writeRandomModels(folder);
    const overrides = [`model.clip=${clip}`, 'world=emoji', 'reward.hidden=16', 'reward.epochs=3', 'threads=1'];
    const made = await makeDrawnProject(join(folder, 'p'), { prompts: 12, imagesPerPrompt: 6, overrides });
    await judgeByCoin(made);
    const { prompt, category, holdout, facts } = createImageStore(made.paths.images).all()[0]!;
    await addDrawnImages(made, { prompts: [{ text: prompt, category, holdout, facts }], imagesPerPrompt: 9 });
    project = await openProject(made.folder, {
      overrides: ['reward.members=3', 'reward.textNorm="product"', 'reward.perturbations=4'],
    });
  }, 60_000);
  afterAll(() => rm(folder, { recursive: true }));

  it('scores as its formula says, tells its doubt, and leaves nothing of a larger ensemble', {
    timeout: 60_000,
  }, async () => {
    await runReward(project, { learningCurve: false }, silentProgress);
    const own = rewardFolder(project, 'default');
    expect((await readdir(own)).filter((name) => name.endsWith('.safetensors')).sort()).toEqual([
      'reward-2.safetensors',
      'reward-3.safetensors',
      'reward.safetensors',
    ]);
    const scorer = await openRewardScorer(project, 'default');
    const store = createImageStore(project.paths.images);
    const images = store.all().slice(0, 20);
    const scores = await scorer.score(images, (id) => store.read(id));
    const { clip_hash: clipHash, text_norm: norm } = (await loadRewardModel(own, { clipHash: await hashOf(own) }))
      .config;
    expect(norm).toMatchObject({ mode: 'product', contrasts: 4 });
    const model = await loadRewardModel(own, { clipHash, threads: 1 });
    const contrasts = contrastPrompts({ world: emojiWorld, prompts: [], count: 4, seed: norm!.seed });
    for (const [i, { id, prompt }] of images.entries()) {
      const asked = [prompt, ...contrasts(prompt)].map((text) => ({ id, prompt: text }));
      const rewards = await scoreImages(model, asked, scorer.features);
      expect(scores[i]).toBeCloseTo(normalise(rewards, norm!), 6);
    }
    const predictions = (await readPredictions(own))!;
    const byId = new Map(predictions.map((prediction) => [prediction.image, prediction]));
    expect(predictions.every(({ spread }) => spread! > 0)).toBe(true);
    for (const [i, { id }] of images.entries()) expect(byId.get(id)?.reward ?? scores[i]).toBeCloseTo(scores[i]!, 6);
    model.dispose();
    await scorer.close();
    await store.close();

    const single = await openProject(project.folder, { overrides: ['reward.members=1'] });
    await runReward(single, { learningCurve: false }, silentProgress);
    expect((await readdir(own)).filter((name) => name.endsWith('.safetensors'))).toEqual(['reward.safetensors']);
    expect((await readPredictions(own))!.every(({ spread }) => spread === undefined)).toBe(true);
  });
});

async function hashOf(folder: string): Promise<string> {
  const { findRewardConfig } = await import('./reward-model.ts');
  return (await findRewardConfig(folder))!.clip_hash;
}
