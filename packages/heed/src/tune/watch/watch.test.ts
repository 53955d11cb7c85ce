// A watched run on a project of random models: alarms provoked with pictures made for it, resumes, the weights written.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModelFolder, type RgbImage } from '@heed/diffusion';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runGenerate } from '../../generate/run.ts';
import { createImageStore } from '../../images/index.ts';
import { silentProgress } from '../../progress/progress.ts';
import { initProject, openProject, openProjectOfRun, type Project, RESOLVED_CONFIG_FILE } from '../../project/index.ts';
import { runReward } from '../../reward/run.ts';
import { findLineage } from '../../rounds/lineage.ts';
import { judgeByCoin } from '../../testing/judge-by-coin.ts';
import { writeRandomModels } from '../../testing/random-models.ts';
import { checkTuneStart, runTune } from '../run.ts';
import { openWatchJudges, type WatchJudges } from './judges.ts';
import { openWatch, WATCH_FOLDER } from './watch.ts';

const WATCH = { everySteps: 1, prompts: 3, images: 2, stops: true, keepsBest: true };
let folder: string;
let project: Project;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-watch-'));
  const models = await writeRandomModels(folder);
  project = await initProject(join(folder, 'project'), {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      'world=emoji',
      'threads=1',
      'sample.steps=1',
      'generate.promptLimit=10',
      'generate.imagesPerPrompt=12',
      'reward.hidden=16',
      'reward.epochs=3',
      'reward.testShare=0.6',
      'tune.steps=4',
      'tune.batchSize=2',
      'tune.warmupSteps=0',
      'tune.sampleEverySteps=0',
      'tune.checkpointEverySteps=3',
      'tune.beta=0',
      'tune.watch.everySteps=1',
      'tune.watch.prompts=3',
      'tune.watch.images=2',
    ],
  });
  await runGenerate(project, {}, silentProgress);
  await judgeByCoin(project);
  await runReward(project, { learningCurve: false }, silentProgress);
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('alarms', () => {
  let judges: WatchJudges;
  let pool: { image: RgbImage; prompt: string; reward: number; judge: number }[];
  beforeAll(async () => {
    const store = createImageStore(project.paths.images);
    const notes: string[] = [];
    const note = (text: string) => notes.push(text);
    judges = await openWatchJudges(project, { folder: join(folder, 'judges'), reward: 'default', store, note });
    expect(notes).toEqual([]);
    const records = store.all();
    const images = await Promise.all(records.map(({ id }) => store.read(id)));
    const prompts = records.map(({ prompt }) => prompt);
    const embeds = await judges.embed(images);
    const [rewards, judged] = [await judges.reward!(prompts, embeds), await judges.judge!(prompts, embeds)];
    pool = images.map((image, i) => ({ image, prompt: prompts[i]!, reward: rewards[i]!, judge: judged[i]! }));
    await store.close();
  }, 60_000);
  afterAll(() => judges.close());

  /** Alarms of two measurements whose pictures are `draw`n, after one of the pictures that a model would draw. */
  async function provoke(name: string, draw: (prompt: string, index: number, before: RgbImage) => RgbImage) {
    const prompts = [...new Set(pool.map(({ prompt }) => prompt))].slice(0, WATCH.prompts);
    const warnings: string[] = [];
    const open = (resumedStep: number) =>
      openWatch({
        runFolder: join(folder, name),
        resumedStep,
        seed: 1,
        watch: WATCH,
        prompts,
        judges,
        warn: (text) => warnings.push(text),
      });
    const watched = await open(0);
    const average = new Map([['weight', { shape: [1], data: new Float32Array([0]) }]]);
    const before = (texts: readonly string[]) => {
      const used = new Map<string, number>();
      return texts.map((text) => {
        const turn = used.get(text) ?? 0;
        used.set(text, turn + 1);
        return pool.filter(({ prompt }) => prompt === text)[turn]!.image;
      });
    };
    await watched.at(0, { average, draw: async (texts) => before(texts) });
    const exploited = async (texts: readonly string[]) => {
      const first = before(texts);
      return texts.map((text, i) => draw(text, i % WATCH.images, first[i]!));
    };
    const verdicts = [];
    for (const step of [1, 2]) {
      average.get('weight')!.data[0] = step;
      verdicts.push(await watched.at(step, { average, draw: exploited }));
    }
    const again = await open(2);
    expect(again.alarms).toEqual(watched.alarms);
    expect(await again.at(2, { average, draw: () => Promise.reject(new Error('measured already')) })).toBe(verdicts[1]);
    expect((await open(1)).points).toEqual(watched.points.slice(0, 2));
    return { verdicts, warnings, stopping: watched.alarms.filter(({ stops }) => stops).map(({ rule }) => rule) };
  }

  it('reward hacking: pictures that the reward likes and the judge does not', async () => {
    const found = await provoke('hacked', (text, index) => {
      const own = pool.filter(({ prompt }) => prompt === text);
      return own.sort((a, b) => a.judge - a.reward - (b.judge - b.reward))[index]!.image;
    });
    expect(found.verdicts).toEqual(['go', 'stop']);
    expect(found.stopping).toContain('judging-reward');
    expect(found.warnings.join()).toContain('twice in a row, so the run stops');
  });

  const painted = (image: RgbImage, paint: (rgb: Uint8Array) => readonly number[]): RgbImage => {
    const data = new Uint8Array(image.data.length);
    for (let i = 0; i < data.length; i += 3) data.set(paint(image.data.subarray(i, i + 3) as Uint8Array), i);
    return { ...image, data };
  };

  it.each([
    ['brightness', (_: string, __: number, before: RgbImage) => painted(before, (rgb) => [...rgb].map((v) => v / 3))],
    ['saturation', (_: string, __: number, before: RgbImage) => painted(before, ([r]) => [r! < 128 ? 255 : 200, 0, 0])],
    ['diversity', (text: string) => pool.find(({ prompt }) => prompt === text)!.image],
    [
      'distance',
      (_: string, index: number, before: RgbImage) =>
        painted(before, ([r, g, b]) => (index ? [0, 0, b!] : [255, g!, r!])),
    ],
  ] as const)('%s', async (rule, draw) => {
    const { stopping, verdicts } = await provoke(rule, draw);
    expect(verdicts).toEqual(['go', 'stop']);
    expect(stopping).toContain(rule);
  });
});

describe('a watched run', () => {
  const weightsOf = async (name: string) => {
    const { unet } = await loadModelFolder(join(project.paths.models, name));
    return [...unet.parameters]
      .map(([key, { data }]) => `${key} ${Buffer.from(data.buffer).toString('base64')}`)
      .join();
  };
  const stopAt = async (step: number, own: Project, name: string) => {
    const stop = new AbortController();
    const stopping = runTune(own, { name, signal: stop.signal }, ({ label: what }) => ({
      update: (done) => what.startsWith('tune') && done === step && stop.abort(),
      done: () => {},
    }));
    await expect(stopping).rejects.toMatchObject({ name: 'AbortError' });
  };
  const pointsOf = (name: string) => readFile(join(project.paths.runs, name, WATCH_FOLDER, 'points.json'), 'utf8');

  it('keeps prompts to itself, writes the best weights, and resumes to the same bits', {
    timeout: 120_000,
  }, async () => {
    const whole = await runTune(project, { name: 'whole' }, silentProgress);
    await stopAt(2, project, 'halves');
    await runTune(project, { name: 'halves' }, silentProgress);
    expect(await weightsOf('halves')).toBe(await weightsOf('whole'));
    expect(await pointsOf('halves')).toBe(await pointsOf('whole'));
    const { points } = JSON.parse(await pointsOf('whole')) as { points: { step: number; judge: number[] }[] };
    expect(points.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
    const means = points.map(({ judge }) => judge.reduce((sum, value) => sum + value, 0));
    const best = 1 + means.slice(1).indexOf(Math.max(...means.slice(1)));
    expect(whole.chosenStep ?? 4).toBe(best);
    expect((await findLineage(join(project.paths.models, 'whole')))!.steps).toBe(best);

    const last = await openProject(project.folder, { overrides: ['tune.watch.keepsBest=false'] });
    expect(await runTune(last, { name: 'last' }, silentProgress)).not.toHaveProperty('chosenStep');
    expect((await weightsOf('last')) === (await weightsOf('whole'))).toBe(best === 4);
  });

  it('is stopped where it leaves the model before tuning behind', { timeout: 120_000 }, async () => {
    const wild = await openProject(project.folder, { overrides: ['tune.learningRate=3', 'tune.maxGradientNorm=1000'] });
    const stopped = await runTune(wild, { name: 'wild' }, silentProgress);
    expect(stopped).toMatchObject({ stopped: true });
    expect(stopped.steps).toBeLessThan(4);
    expect(stopped.warnings.join()).toContain('so the run stops');
    const notes: string[] = [];
    const again = await runTune(wild, { name: 'wild', note: (text) => notes.push(text) }, silentProgress);
    expect(again.steps).toBe(stopped.steps);
    expect(notes.join()).toContain('is finished already');
  });

  it('is not watched where the settings say so, or where the run is short', { timeout: 60_000 }, async () => {
    const off = await openProject(project.folder, { overrides: ['tune.watch.everySteps=5'] });
    await runTune(off, { name: 'short' }, silentProgress);
    expect(existsSync(join(project.paths.runs, 'short', WATCH_FOLDER))).toBe(false);
  });

  it('goes on unwatched where it was begun before there were measurements', { timeout: 120_000 }, async () => {
    const off = await openProject(project.folder, { overrides: ['tune.watch.everySteps=0'] });
    await runTune(off, { name: 'unwatched' }, silentProgress);
    await stopAt(3, off, 'old');
    const folder = join(project.paths.runs, 'old');
    expect(JSON.parse(await readFile(join(folder, 'options.json'), 'utf8'))).not.toHaveProperty('watch');
    // As that heed wrote it: it knew no such section.
    const config = join(folder, RESOLVED_CONFIG_FILE);
    const text = await readFile(config, 'utf8');
    const old = text.replace(/\n\[tune\.watch\]\n(?:(?!\[).*\n)*/, '\n');
    expect(old.length).toBeLessThan(text.length);
    await writeFile(config, old);

    const continued = await openProjectOfRun(project.folder, 'old');
    expect(continued.config.tune.watch.everySteps).toBeGreaterThan(0);
    await checkTuneStart(project, 'old');
    const notes: string[] = [];
    await runTune(project, { name: 'old', note: (sentence) => notes.push(sentence) }, silentProgress);
    expect(notes).toContain('run old was begun without tune.watch and goes on without it');
    expect(notes).toContain('run old goes on from the checkpoint of update 3');
    expect(existsSync(join(folder, WATCH_FOLDER))).toBe(false);
    expect(await weightsOf('old')).toBe(await weightsOf('unwatched'));
    // Begun again, it is watched.
    await runTune(project, { name: 'old', restart: true }, silentProgress);
    expect(existsSync(join(folder, WATCH_FOLDER))).toBe(true);
  });
});
