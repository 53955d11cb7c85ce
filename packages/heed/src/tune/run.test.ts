// The stages on a project with random models: generate, label, reward, tune, sample; resumed, repeated, refused.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadLora, loadModelFolder } from '@heed/diffusion';
import { createRandom } from '@heed/diffusion/autodiff';
import { paperEvaluationPrompts, paperTrainingPrompts } from '@heed/emoji-world';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportModel } from '../export/model-folder.ts';
import { runGenerate } from '../generate/run.ts';
import { createImageStore } from '../images/index.ts';
import { readMetrics } from '../metrics/metrics-log.ts';
import { silentProgress } from '../progress/progress.ts';
import { initProject, type Project } from '../project/index.ts';
import { readPredictions } from '../reward/predictions.ts';
import { type RewardRunResult, runReward } from '../reward/run.ts';
import { runSample } from '../sample/run.ts';
import { judgeByCoin } from '../testing/judge-by-coin.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { runTune } from './run.ts';

const PRETRAINING_IMAGES = 12;
let folder: string;
let project: Project;
let reward: RewardRunResult;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-stages-'));
  const models = await writeRandomModels(folder);
  project = await initProject(join(folder, 'project'), {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      'world=emoji',
      'threads=1',
      'sample.steps=2',
      'sample.batchSize=8',
      'reward.hidden=16',
      'reward.epochs=3',
      'reward.testShare=0.3',
      'tune.steps=4',
      'tune.batchSize=2',
      'tune.warmupSteps=1',
      'tune.learningRate=1e-3',
      'tune.checkpointEverySteps=2',
      'tune.sampleEverySteps=2',
      'tune.logEverySteps=1',
      'tune.samplePrompts=["Two dogs."]',
    ],
  });
  const training = paperTrainingPrompts().slice(0, 6);
  await runGenerate(project, { set: 'train', prompts: training, imagesPerPrompt: 6 }, silentProgress);
  await runGenerate(project, { set: 'unlabelled', prompts: training, imagesPerPrompt: 1 }, silentProgress);
  const unseen = paperEvaluationPrompts().filter(({ holdout }) => holdout);
  await runGenerate(
    project,
    { set: 'eval', purpose: 'measure', prompts: unseen.slice(0, 2), imagesPerPrompt: 4 },
    silentProgress,
  );
  await judgeByCoin(project, { judges: ({ set }) => set !== 'unlabelled' });
  reward = await runReward(project, {}, silentProgress);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function weightsOf(name: string): Promise<string> {
  const { unet } = await loadModelFolder(join(project.paths.models, name));
  return [...unet.parameters].map(([key, { data }]) => `${key} ${Buffer.from(data.buffer).toString('base64')}`).join();
}

describe('the stages', () => {
  it('draw each image once, and the same recipe to the same pixels', async () => {
    const again = await runGenerate(
      project,
      { set: 'train', prompts: paperTrainingPrompts().slice(0, 6), imagesPerPrompt: 6 },
      silentProgress,
    );
    expect(again).toMatchObject({ images: 36, generated: 0 });
    const [first] = createImageStore(project.paths.images).all();
    const other = { ...project, paths: { ...project.paths, images: join(folder, 'elsewhere') } };
    await runGenerate(
      other,
      { set: 'train', prompts: [paperTrainingPrompts()[0]!], imagesPerPrompt: 1 },
      silentProgress,
    );
    expect(createImageStore(other.paths.images).all()).toEqual([first]);
  });

  it('learn and measure a reward', async () => {
    const result = reward;
    expect(Object.keys(result.accuracy).sort()).toEqual(['aux', 'clip']);
    expect(result.images.training + result.images.validation + result.images.test).toBe(44);
    expect(result.images.test).toBeGreaterThanOrEqual(8);
    expect(result.summary.unseen.n).toBeGreaterThan(0);
    expect(await readdir(result.folder)).toEqual([
      'accuracy.json',
      'config.json',
      'hashes.json',
      'predictions.jsonl',
      'reward.safetensors',
    ]);
    const predictions = (await readPredictions(result.folder))!;
    const count = (wanted: string) => predictions.filter(({ part }) => part === wanted).length;
    expect({ training: count('training'), validation: count('validation'), test: count('test') }).toEqual(
      result.images,
    );
    expect(count('unjudged')).toBe(6);
    expect(
      predictions.every(({ reward: r, label: l }) => r > 0 && r < 1 && (l === undefined || l === 0 || l === 1)),
    ).toBe(true);
    expect(await readPredictions(join(project.paths.runs, result.run))).toEqual(predictions);
    expect(await readMetrics(join(project.paths.runs, result.run))).toHaveLength(3);
  });

  it('tune the model, resume to the same bits, and do not repeat what is finished', { timeout: 180_000 }, async () => {
    const options = { pretrainingImages: PRETRAINING_IMAGES };
    const whole = await runTune(project, { ...options, name: 'whole' }, silentProgress);
    expect(whole).toMatchObject({ steps: 4, data: { labelled: 36, unlabelled: 6, pretraining: PRETRAINING_IMAGES } });
    const run = join(project.paths.runs, 'whole');
    expect((await readMetrics(run)).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(await readdir(join(run, 'samples'))).toEqual([0, 2, 4].map((step) => `step-0000000${step}.png`));
    expect(await weightsOf('whole')).not.toBe(await weightsOf('../../model'));

    const stop = new AbortController();
    const stopping = runTune(project, { ...options, name: 'halves', signal: stop.signal }, ({ label: what }) => ({
      update: (done) => what.startsWith('tune') && done === 3 && stop.abort(),
      done: () => {},
    }));
    await expect(stopping).rejects.toMatchObject({ name: 'AbortError' });
    expect(existsSync(join(project.paths.models, 'halves'))).toBe(false);
    const notes: string[] = [];
    const note = (sentence: string) => notes.push(sentence);
    await runTune(project, { ...options, name: 'halves', note }, silentProgress);
    expect(notes.join()).toContain('goes on from the checkpoint of update 3');
    expect(await weightsOf('halves')).toBe(await weightsOf('whole'));
    const metricsOf = async (name: string) =>
      (await readMetrics(join(project.paths.runs, name))).map(({ time: _, ...values }) => values);
    expect(await metricsOf('halves')).toEqual(await metricsOf('whole'));

    const again = await runTune(project, { ...options, name: 'halves', note }, silentProgress);
    expect(notes.at(-1)).toContain('finished already');
    expect(again.steps).toBe(4);
    const other = runTune(project, { ...options, name: 'halves', beta: 0.1 }, silentProgress);
    await expect(other).rejects.toThrow(/expected tune.beta \S+ as the run was begun with, got 0.1/);
  });

  it('keep a run that is to begin anew until it can', async () => {
    const checkpoints = join(project.paths.runs, 'halves', 'checkpoints');
    const before = await readdir(checkpoints);
    const anew = { name: 'halves', restart: true } as const;
    await expect(runTune(project, { ...anew, reward: 'absent' }, silentProgress)).rejects.toThrow('absent');
    await expect(runTune(project, { ...anew, from: 'nowhere' }, silentProgress)).rejects.toThrow('nowhere');
    expect(await readdir(checkpoints)).toEqual(before);
  });

  it('tune on labelled images alone', { timeout: 60_000 }, async () => {
    const streams = { unlabelled: false, pretraining: false };
    const { data, final } = await runTune(project, { name: 'labelled-only', streams, steps: 2 }, silentProgress);
    expect(data).toMatchObject({ labelled: 36, unlabelled: 0, pretraining: 0 });
    expect(final).not.toHaveProperty('pretrainingLoss');
  });

  it('tune on a folder of pre-training pictures, passing over a broken one', { timeout: 60_000 }, async () => {
    const pictures = join(folder, 'pictures');
    const names = Array.from({ length: 20 }, (_, i) => `${i}.png`);
    const random = createRandom(3);
    await mkdir(pictures);
    for (const name of names) {
      const data = Uint8Array.from({ length: 3 * 80 * 70 }, () => random.integer(256));
      await writeFile(join(pictures, name), encode({ width: 80, height: 70, data, channels: 3, depth: 8 }));
    }
    await writeFile(join(pictures, '7.png'), (await readFile(join(pictures, '7.png'))).subarray(0, 900));
    const rows = names.map((file_name) => JSON.stringify({ file_name, text: 'noise' }));
    await writeFile(join(pictures, 'metadata.jsonl'), `${rows.join('\n')}\n`);
    const result = await runTune(project, { name: 'folder', pretraining: pictures, steps: 1 }, silentProgress);
    expect(result.data.pretraining).toBe(19);
    expect(result.warnings.join()).toContain('7.png: expected a whole picture');
  });

  it('tune a LoRA, which is written out in both spellings', { timeout: 180_000 }, async () => {
    const lora = { rank: 2, alpha: 4, layers: 'attention' } as const;
    const options = { pretrainingImages: PRETRAINING_IMAGES, samplePrompts: [], steps: 2 };
    await runTune(project, { ...options, name: 'low-rank', lora }, silentProgress);
    const { unet, textEncoder } = await loadModelFolder(join(project.paths.models, 'low-rank'));
    const configs = { unet: unet.config, textEncoder: textEncoder.config };
    const written = await loadLora(join(project.paths.models, 'low-rank/lora.safetensors'), configs);
    expect(written.unet.size).toBe(2 * 4 * 4); // four transformers of two attentions with four projections
    expect(written.metadata).toMatchObject({
      ss_network_dim: '2',
      ss_network_alpha: '4',
      ss_steps: '2',
      ss_resolution: '(64, 64)',
    });
    for (const format of ['lora', 'lora-diffusers'] as const) {
      const path = join(folder, `${format}.safetensors`);
      await exportModel(project, 'low-rank', path, { format });
      const { metadata: _, ...exported } = await loadLora(path, configs);
      if (format === 'lora') expect(exported).toEqual({ unet: written.unet, textEncoder: written.textEncoder });
      // Alpha is in the factors there (lora.test.ts compares the updates): it counts as the rank.
      expect([...exported.unet.keys()]).toEqual([...written.unet.keys()]);
      const alphas = new Set([...exported.unet.values()].map(({ alpha }) => alpha));
      expect(alphas).toEqual(new Set([format === 'lora' ? 4 : 2]));
    }
    await expect(exportModel(project, 'base', join(folder, 'no.safetensors'), { format: 'lora' })).rejects.toThrow(
      /expected a model that was tuned as a LoRA \(tune.loraRank above 0\), found no lora.safetensors/,
    );
  });

  it('refuse names that would overwrite something', async () => {
    await expect(runTune(project, { name: 'base' }, silentProgress)).rejects.toThrow(/must not be the base model's/);
    await expect(runTune(project, { name: '../up' }, silentProgress)).rejects.toThrow(/letters, digits/);
  });

  it('sample any prompt', async () => {
    const out = join(folder, 'samples');
    const { files } = await runSample(project, { prompts: ['A cat.'], count: 2, seed: 5, out }, silentProgress);
    expect(files.map((file) => file.slice(out.length + 1))).toEqual(['grid.png', '001-a-cat-5.png', '001-a-cat-6.png']);
    expect(files.every((file) => existsSync(file))).toBe(true);
  });
});
