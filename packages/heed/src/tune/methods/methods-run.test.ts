// `heed tune` with every method on a project of random models: from labels to a tuned model, and the refusals.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFile, loadModelFolder } from '@heed/diffusion';
import { paperTrainingPrompts } from '@heed/emoji-world';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MethodName } from '../../config/index.ts';
import { runContrast } from '../../contrast/run.ts';
import type { HeedError } from '../../errors.ts';
import { runGenerate } from '../../generate/run.ts';
import { readMetrics } from '../../metrics/metrics-log.ts';
import { silentProgress } from '../../progress/progress.ts';
import { initProject, openProject, type Project } from '../../project/index.ts';
import { runReward } from '../../reward/run.ts';
import { judgeByCoin } from '../../testing/judge-by-coin.ts';
import { writeRandomModels } from '../../testing/random-models.ts';
import { runTune } from '../run.ts';

let folder: string;
let project: Project;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-methods-'));
  const models = await writeRandomModels(folder);
  project = await initProject(join(folder, 'project'), {
    overrides: [
      `model.path=${models.model}`,
      `model.clip=${models.clip}`,
      'world=emoji',
      'threads=1',
      'sample.steps=1',
      'reward.hidden=16',
      'reward.epochs=1',
      'tune.steps=2',
      'tune.batchSize=4',
      'tune.warmupSteps=0',
      'tune.learningRate=1e-3',
      'tune.sampleEverySteps=0',
      'tune.logEverySteps=1',
      'tune.pretrainingImages=8',
    ],
  });
  const prompts = paperTrainingPrompts().slice(0, 4);
  await runGenerate(project, { set: 'train', prompts, imagesPerPrompt: 6 }, silentProgress);
  await judgeByCoin(project);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const withSettings = (...overrides: string[]) => openProject(project.folder, { overrides });
const tune = async (name: string, ...overrides: string[]) =>
  runTune(await withSettings(...overrides), { name }, silentProgress);

const METRICS: Record<MethodName, string[]> = {
  'reward-weighted': ['modelLoss'],
  dpo: ['modelLoss', 'preferenceLoss', 'margin', 'pairAccuracy', 'winnerDrift', 'loserDrift', 'loserScale'],
  nft: ['modelLoss', 'targetDistance', 'referenceDistance'],
  kto: ['modelLoss', 'preferenceLoss', 'goodDrift', 'badDrift', 'baseline'],
  'best-of-n': ['modelLoss'],
  likelihood: ['modelLoss'],
};

describe('methods that read labels alone', () => {
  it.each(['dpo', 'nft', 'kto', 'likelihood'] as const)(
    '%s tunes all weights or a LoRA without a reward',
    { timeout: 60_000 },
    async (method) => {
      expect(existsSync(join(project.paths.models, 'reward-default'))).toBe(false);
      const result = await tune(method, `tune.method=${method}`);
      expect(result).toMatchObject({ method, steps: 2, data: { unlabelled: 0, pretraining: 0 } });
      expect(result.data.labelled).toBeGreaterThan(6);
      expect(result.data).not.toHaveProperty('meanReward');
      expect(result.warnings).toEqual([]);
      const run = join(project.paths.runs, method);
      const [first] = await readMetrics(run);
      expect(Object.keys(first!).sort()).toEqual(
        ['step', 'time', 'loss', 'gradientNorm', 'learningRate', 'skipped', ...METRICS[method]].sort(),
      );
      expect(JSON.parse(await readFile(join(run, 'result.json'), 'utf8'))).toMatchObject({ method });
      expect(JSON.parse(await readFile(join(run, 'options.json'), 'utf8'))).toMatchObject({ method });

      const low = await tune(`${method}-lora`, `tune.method=${method}`, 'tune.loraRank=2');
      expect(await isFile(join(low.folder, 'lora.safetensors'))).toBe(true);
    },
  );

  it('does not repeat what is finished, and refuses to go on with another method or other settings', async () => {
    expect((await tune('dpo', 'tune.method=dpo')).method).toBe('dpo');
    for (const changed of [['tune.method=kto'], ['tune.method=dpo', 'tune.dpo.beta=7']]) {
      await expect(tune('dpo', ...changed)).rejects.toThrow(/as the run was begun with/);
    }
  });
});

it('a good and a bad model become one that draws with their difference', { timeout: 60_000 }, async () => {
  await tune('bad', 'tune.method=likelihood', 'tune.likelihood.images="bad"');
  const options = { name: 'contrast', good: 'likelihood', bad: 'bad', scale: 3 };
  const { folder: made } = await runContrast(project, options);
  expect((await loadModelFolder(made)).contrast?.scale).toBe(3);
  const draw = async (model: string) => {
    const prompts = paperTrainingPrompts().slice(0, 1);
    const { modelHash, generated } = await runGenerate(
      project,
      { set: 'tried', purpose: 'measure', model, prompts, imagesPerPrompt: 1 },
      silentProgress,
    );
    expect(generated).toBe(1);
    return modelHash;
  };
  expect(await draw('contrast')).not.toBe(await draw('base'));
  await expect(runContrast(project, options)).rejects.toThrow(/expected no model of that name, found one/);
  await expect(runContrast(project, { ...options, name: 'other', bad: 'nobody' })).rejects.toThrow(
    /there is no 'nobody'/,
  );
});

describe('methods that read the reward', () => {
  beforeAll(async () => {
    await runReward(project, {}, silentProgress);
  }, 60_000);

  it.each([
    ['best-of-n', []],
    ['nft', ['tune.nft.source="reward"', 'tune.nft.centre="prompt"']],
    ['dpo', ['tune.dpo.pretrainingWeight=1', 'tune.pretrainingRewardPower=4']],
    ['reward-weighted', ['tune.beta=0']],
  ] as const)('%s with %s', { timeout: 60_000 }, async (method, settings) => {
    const result = await tune(`by-reward-${method}`, `tune.method=${method}`, ...settings);
    expect(result.method).toBe(method);
    if (method === 'best-of-n') {
      expect(result.data.labelled + result.data.unlabelled).toBe(2 * 4);
      expect(result.data.meanReward).toBeGreaterThan(0);
    }
    if (method === 'dpo') {
      expect(result.data.pretraining).toBe(8);
      expect(result.final).toHaveProperty('pretrainingLoss');
    }
  });
});

describe('what cannot be used together', () => {
  const refusals: [what: string, overrides: string[], sentence: RegExp][] = [
    [
      'pairs out of an odd batch',
      ['tune.method=dpo', 'tune.batchSize=3'],
      /^tune\.method 'dpo' learns from pairs: expected tune\.batchSize to be a multiple of 2 .*, got 3$/,
    ],
    [
      'pairs out of an odd part of a batch',
      ['tune.method=dpo', 'tune.batchSize=6', 'tune.replicas=2'],
      /expected tune\.batchSize to be a multiple of 4 .*, got 6$/,
    ],
    ...['dpo', 'kto', 'nft', 'likelihood'].map((method): [string, string[], RegExp] => [
      `${method} without human data`,
      [`tune.method=${method}`, 'tune.humanData=false'],
      new RegExp(
        `^tune\\.method '${method}' learns from labelled images: expected tune\\.humanData = true, got false$`,
      ),
    ]),
    [
      'good and bad images in a batch of one',
      ['tune.method=kto', 'tune.batchSize=1'],
      /^tune\.method 'kto' draws good and bad images: expected at least 2 images a replica, got tune\.batchSize = 1/,
    ],
    [
      'the best of fewer images than are kept',
      ['tune.method=best-of-n', 'tune.bestOfN.keep=4'],
      /^tune\.bestOfN\.keep: expected fewer than tune\.bestOfN\.fewestImages \(4\).*, got 4$/,
    ],
    [
      'the best of more images than a prompt has',
      ['tune.method=best-of-n', 'tune.bestOfN.fewestImages=7'],
      /^tune\.method 'best-of-n' needs a prompt with at least 7 images .*, got at most 6 of one prompt$/,
    ],
  ];
  it.each(refusals)('%s', async (_, overrides, sentence) => {
    const error = await tune('refused', ...overrides).then(
      () => undefined,
      (reason: Error) => reason,
    );
    expect(error?.message).toMatch(sentence);
    expect(error?.message).not.toContain('\n');
    expect(error).toMatchObject({ exitCode: 2 });
    expect(existsSync(join(project.paths.models, 'refused'))).toBe(false);
  });

  it('labels without a pair, without good or bad ones', async () => {
    const other = await initProject(join(folder, 'one-sided'), {
      overrides: [`model.path=${project.config.model.path}`, 'threads=1', 'sample.steps=1', 'tune.steps=1'],
    });
    const prompts = paperTrainingPrompts().slice(0, 2);
    await runGenerate(other, { set: 'train', prompts, imagesPerPrompt: 2 }, silentProgress);
    const refused = async (method: string) => {
      const asked = await openProject(other.folder, { overrides: [`tune.method=${method}`, 'tune.batchSize=2'] });
      return runTune(asked, { name: method }, silentProgress).then(
        () => '',
        (error: HeedError) => `${error.exitCode} ${error.message}`,
      );
    };
    expect(await refused('dpo')).toMatch(
      /^2 tuning needs images of the model to tune .* 4 are of it, 0 of these labelled$/,
    );
    const { openFeedbackLog, eventId, queryId } = await import('../../feedback/index.ts');
    const { createImageStore } = await import('../../images/index.ts');
    const log = openFeedbackLog(other.paths.feedback);
    const images = createImageStore(other.paths.images).all();
    await log.append(
      images.map(({ id, prompt, model }) => ({
        id: eventId({ query: queryId(prompt, [id]), rater: 'Ada', image: id }),
        time: new Date(0).toISOString(),
        rater: 'Ada',
        raterKind: 'simulated' as const,
        query: queryId(prompt, [id]),
        image: id,
        prompt,
        model,
        // All of one prompt are good, all of the other bad.
        label: prompt === prompts[0]!.text ? ('good' as const) : ('bad' as const),
      })),
    );
    await log.close();
    expect(await refused('dpo')).toMatch(
      /^2 tune\.method 'dpo' needs a prompt with both a good and a bad image or a preference, got none among 4 labelled images of 2 prompts$/,
    );
    expect(await refused('kto')).toBe('');
  });
});
