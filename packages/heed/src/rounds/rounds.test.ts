// Two rounds on a project of random models: lineage, the reward by round, what is encoded again, and the loop's pauses.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StableDiffusionPipeline } from '@heed/diffusion';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runGenerate } from '../generate/run.ts';
import { createImageStore } from '../images/index.ts';
import { silentProgress } from '../progress/progress.ts';
import { initProject, openProject, type Project } from '../project/index.ts';
import { runReward } from '../reward/run.ts';
import { openRewardScorer } from '../reward/scorer.ts';
import { judgeByCoin } from '../testing/judge-by-coin.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { runTune } from '../tune/run.ts';
import { findLineage, openRounds } from './lineage.ts';
import { runLoop } from './loop.ts';
import { projectStatus } from './status.ts';

const PROMPTS = 4;
const IMAGES = 6;
const EACH_ROUND = PROMPTS * IMAGES;
let folder: string;
let project: Project;
let models: { model: string; clip: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-rounds-'));
  models = await writeRandomModels(folder);
  project = await makeProject('project');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function makeProject(name: string): Promise<Project> {
  return initProject(join(folder, name), {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      'world=emoji',
      'threads=1',
      'sample.steps=1',
      `generate.promptLimit=${PROMPTS}`,
      `generate.imagesPerPrompt=${IMAGES}`,
      'reward.hidden=16',
      'reward.epochs=2',
      'reward.testShare=0.4',
      'tune.steps=1',
      'tune.batchSize=2',
      'tune.warmupSteps=0',
      'tune.learningRate=1e-2',
      'tune.sampleEverySteps=0',
      'tune.beta=0',
    ],
  });
}

const roundsAll = () => openProject(project.folder, { overrides: ['tune.rounds=all'] });

describe('two rounds', () => {
  it('leave a lineage, and encode in the second what is new alone', { timeout: 120_000 }, async () => {
    const encoded: number[] = [];
    const encode = StableDiffusionPipeline.prototype.encodeImages;
    const spy = vi.spyOn(StableDiffusionPipeline.prototype, 'encodeImages').mockImplementation(function (
      this: StableDiffusionPipeline,
      ...args
    ) {
      encoded.push(args[0].length);
      return encode.apply(this, args);
    });
    const count = () => encoded.splice(0).reduce((total, images) => total + images, 0);

    await runGenerate(project, {}, silentProgress);
    await judgeByCoin(project);
    await runReward(project, { learningCurve: false }, silentProgress);
    await runTune(project, { name: 'one' }, silentProgress);
    expect(count()).toBe(EACH_ROUND);
    await expect(runTune(project, { name: 'two', from: 'one' }, silentProgress)).rejects.toThrow(
      /needs images of the model to tune .* got none.*tune.rounds=all/,
    );

    await runGenerate(project, { model: 'one' }, silentProgress);
    await judgeByCoin(project, { judges: ({ model }) => model === 'one' });
    const second = await runReward(project, { learningCurve: false }, silentProgress);
    await runTune(await roundsAll(), { name: 'two', from: 'one' }, silentProgress);
    await runTune(await roundsAll(), { name: 'anew' }, silentProgress);
    expect(count()).toBe(EACH_ROUND);
    spy.mockRestore();

    const lineage = (name: string) => findLineage(join(project.paths.models, name));
    const [one, two, anew] = [(await lineage('one'))!, (await lineage('two'))!, (await lineage('anew'))!];
    const reward = { name: 'default', run: 'reward-0001' };
    const own = { labelled: EACH_ROUND, unlabelled: 0, pretraining: 0, byRound: { 1: EACH_ROUND } };
    const both = { ...own, labelled: 2 * EACH_ROUND, byRound: { 1: EACH_ROUND, 2: EACH_ROUND } };
    expect(one).toMatchObject({ parent: { name: 'base' }, round: 1, reward, data: own, steps: 1, earlier: [] });
    expect(two).toMatchObject({ parent: { name: 'one', modelHash: one.modelHash }, round: 2, data: both });
    expect(two.reward).toEqual({ name: 'default', run: 'reward-0002' });
    expect(anew).toMatchObject({ parent: one.parent, round: 2, data: both });
    expect(second.rounds!.map(({ round, training }) => [round, training > 0])).toEqual([
      [1, true],
      [2, true],
    ]);
    const hashes = JSON.parse(await readFile(join(project.paths.models, 'two/hashes.json'), 'utf8')) as {
      files: Record<string, unknown>;
    };
    expect(hashes.files).toHaveProperty('heed.json');
  });

  it('are what the status shows', async () => {
    const { models, next } = await projectStatus(project);
    expect(models.map(({ name, round, images, judged }) => [name, round, images, judged])).toEqual([
      ['base', 0, EACH_ROUND, EACH_ROUND],
      ['one', 1, EACH_ROUND, EACH_ROUND],
      ['anew', 2, 0, 0],
      ['two', 2, 0, 0],
    ]);
    expect(next).toBe('heed generate --model two draws the images of round 3');
  });

  it('weigh labels of the newer round more where asked', { timeout: 60_000 }, async () => {
    const weighted = await openProject(project.folder, { overrides: ['reward.roundDecay=0.1'] });
    await runReward(weighted, { name: 'weighted', learningCurve: false }, silentProgress);
    await runReward(project, { name: 'alike', learningCurve: false }, silentProgress);
    const images = createImageStore(project.paths.images).all();
    const scoresOf = async (name: string) => {
      const scorer = await openRewardScorer(project, name);
      const scores = await scorer.score(images, async () => Promise.reject(new Error('embedded before')));
      await scorer.close();
      return [...scores];
    };
    expect(await scoresOf('weighted')).not.toEqual(await scoresOf('alike'));
  });

  it('an overwritten model keeps the round of its images', { timeout: 60_000 }, async () => {
    const before = (await findLineage(join(project.paths.models, 'one')))!;
    await runTune(project, { name: 'one', restart: true, learningRate: 2e-2 }, silentProgress);
    const after = (await findLineage(join(project.paths.models, 'one')))!;
    expect(after.modelHash).not.toBe(before.modelHash);
    expect(after.earlier).toEqual([{ modelHash: before.modelHash, round: 1 }]);
    const rounds = await openRounds(project);
    expect([before, after].map(({ modelHash }) => rounds.ofImage({ modelHash }))).toEqual([2, 2]);
  });
});

it('the loop waits for people, says for what, and goes on', { timeout: 180_000 }, async () => {
  const own = await makeProject('loop');
  const notes: string[] = [];
  const loop = (judgedImages?: number) =>
    runLoop(
      own,
      {
        rounds: 2,
        from: 'last',
        simulate: false,
        evaluate: false,
        judgedImages,
        signal: new AbortController().signal,
        note: (text) => notes.push(text),
      },
      silentProgress,
    );
  const images = EACH_ROUND;
  expect((await loop()).pause).toEqual({ round: 1, model: 'base', images, judged: 0, needed: images });
  await judgeByCoin(own);
  const waiting = await loop(10);
  expect(waiting.rounds.map(({ name, parent }) => [name, parent.name])).toEqual([['round-1', 'base']]);
  expect(waiting.pause).toEqual({ round: 2, model: 'round-1', images, judged: 0, needed: 10 });
  await judgeByCoin(own, { judges: ({ model }) => model === 'round-1' });
  const done = await loop();
  expect(done.pause).toBeUndefined();
  expect(done.rounds.map(({ name, parent, round }) => [name, parent.name, round])).toEqual([
    ['round-1', 'base', 1],
    ['round-2', 'round-1', 2],
  ]);
  notes.length = 0;
  expect((await loop()).rounds).toEqual(done.rounds);
  expect(notes).toEqual([]);
});
