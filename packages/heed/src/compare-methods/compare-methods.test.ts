// Methods side by side at a size that only proves that the comparison closes: equal compute, resumed arm by arm, drawn.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { EVALUATION_FILE, readEvaluation } from '../evaluate/evaluation-file.ts';
import { runGenerate } from '../generate/run.ts';
import { createImageStore } from '../images/index.ts';
import { silentProgress } from '../progress/progress.ts';
import { initProject, openProject, type Project } from '../project/index.ts';
import { runReward } from '../reward/run.ts';
import { judgeByCoin } from '../testing/judge-by-coin.ts';
import { writeRandomModels } from '../testing/random-models.ts';
import { shuffleJudgements } from '../tune/model-data.ts';
import { armsNamed, METHOD_ARMS, passesOfUpdate, updatesOf } from './arms.ts';
import { runCompareMethods } from './run.ts';
import { methodPoints } from './summary.ts';

describe('arms', () => {
  it('take the same compute, whatever an update of theirs costs', () => {
    const { tune } = parseConfig('', { source: 'test', overrides: ['tune.steps=500', 'tune.batchSize=16'] });
    const budget = 500 * 16 * 6;
    for (const arm of METHOD_ARMS) {
      for (const hasPretraining of [true, false]) {
        const updates = updatesOf(arm, { tune, hasPretraining });
        const passes = updates * passesOfUpdate(arm, { batchSize: 16, accumulation: 1, hasPretraining });
        expect(Math.abs(passes / budget - 1)).toBeLessThan(0.01);
      }
    }
    expect(updatesOf({ passes: 4 }, { tune, hasPretraining: false })).toBe(750);
  });

  it('are known by name', () => {
    expect(armsNamed(['kto', 'dpo']).map(({ name }) => name)).toEqual(['dpo', 'kto']);
    expect(armsNamed([])).toEqual(METHOD_ARMS);
    expect(() => armsNamed(['dop'])).toThrow(/--method must be one of .* got 'dop'; did you mean 'dpo'\?/);
  });
});

it('shuffled judgements are the same ones in other places', () => {
  const samples = Array.from({ length: 50 }, (_, i) => ({ image: `${i}`, prompt: 'p', label: i / 50, labelled: true }));
  const shuffled = shuffleJudgements(samples, 1);
  expect(shuffled.map(({ image }) => image)).toEqual(samples.map(({ image }) => image));
  expect(shuffled.map(({ label }) => label).sort()).toEqual(samples.map(({ label }) => label).sort());
  expect(shuffled.filter(({ label }, i) => label === samples[i]!.label).length).toBeLessThan(10);
  expect(shuffleJudgements(samples, 1)).toEqual(shuffled);
});

it('a method is efficient where no other has more alignment at no more distance', () => {
  const interval = (mean: number) => ({ mean, lo: mean - 0.1, hi: mean + 0.1 });
  const method = (name: string, alignments: number[], distances: number[]) => ({
    name,
    label: name,
    updates: 1,
    runs: alignments.map((mean, seed) => ({
      seed,
      alignment: interval(mean),
      bestOf: interval(mean + 0.1),
      gain: interval(mean - 0.4),
      distance: distances[seed]!,
    })),
  });
  const points = methodPoints([method('a', [0.5, 0.7], [10, 12]), method('b', [0.4], [11.5]), method('c', [0.3], [5])]);
  expect(points.map(({ isEfficient }) => isEfficient)).toEqual([true, false, true]);
  expect(points[0]).toMatchObject({ distance: { mean: 11, lo: 10, hi: 12 } });
  expect(points[0]!.gain!.mean).toBeCloseTo(0.2);
  expect(points[0]!.alignment.mean).toBeCloseTo(0.6);
  expect(points[0]!.alignment.lo).toBeCloseTo(0.5);
});

describe('a whole comparison', () => {
  let folder: string;
  let project: Project;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heed-compare-'));
    const models = await writeRandomModels(folder);
    project = await initProject(join(folder, 'project'), {
      overrides: [
        `model.path=${models.model}`,
        `model.clip=${models.clip}`,
        'world=emoji',
        'threads=1',
        'sample.steps=2',
        'generate.promptLimit=5',
        'generate.imagesPerPrompt=6',
        'reward.hidden=16',
        'reward.epochs=1',
        'tune.steps=2',
        'tune.batchSize=4',
        'tune.warmupSteps=0',
        'tune.sampleEverySteps=0',
        'tune.pretrainingImages=8',
        'evaluate.promptLimit=4',
        'evaluate.imagesPerPrompt=1',
        'evaluate.bestOf=2',
        'evaluate.fidelityImages=16',
        'evaluate.pruned=true',
      ],
    });
    await runGenerate(project, {}, silentProgress);
    await judgeByCoin(project);
    await runReward(project, { learningCurve: false }, silentProgress);
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true }));

  it('goes on where it was stopped, run by run', { timeout: 180_000 }, async () => {
    const notes: string[] = [];
    /** Stops once progress of `label` is told. */
    const compare = async (label?: string) => {
      const stop = new AbortController();
      const result = runCompareMethods(
        project,
        {
          arms: armsNamed(['dpo', 'no-labels']),
          seeds: 2,
          reward: 'default',
          overrides: [],
          signal: stop.signal,
          note: (text) => notes.push(text),
        },
        (work) => ({
          update: () => label !== undefined && work.label.startsWith(label) && stop.abort(),
          done: () => {},
        }),
      );
      return label === undefined ? result : expect(result).rejects.toMatchObject({ name: 'AbortError' });
    };
    await compare('recognise');
    await compare('tune cmp-dpo-1');
    const page = () => readFile(join(project.paths.reports, 'compare-methods.html'), 'utf8');
    expect(await page()).toContain('under way: 2 of 4 runs');
    notes.length = 0;
    const result = (await compare())!;
    expect(notes.filter((text) => text.includes('is finished already'))).toHaveLength(2);
    expect(notes.filter((text) => text.startsWith('run ')).at(-1)).toBe(
      'run 4 of 4: no labels: shuffled rewards, seed 1, 2 updates',
    );
    expect(await page()).not.toContain('under way');
    expect(result.points.map(({ name, updates, runs }) => [name, updates, runs.length])).toEqual([
      ['base', 0, 1],
      ['dpo', 3, 2],
      ['no-labels', 2, 2],
    ]);
    const one = await evaluationOf('cmp-dpo-0');
    expect(one.arms.map(({ name, model, images }) => [name, model, images])).toEqual([
      ['base', 'cmp-dpo-0', 8],
      ['tuned', 'base', 4],
      ['bestOf', 'cmp-dpo-0', 4],
      ['pruned', 'cmp-dpo-0', 4],
    ]);
    const pairs = one.differences.map(({ treated, baseline }) => `${treated} ${baseline}`);
    expect(pairs).toContain('pruned bestOf');
    expect(result.points.every(({ distance }) => distance!.mean > 0)).toBe(true);
    const [base, dpo] = [result.points[0]!, result.points[1]!];
    expect(dpo.gain!.mean).toBeCloseTo(dpo.alignment.mean - base.alignment.mean);
    expect(result.alignmentJudge).toContain('recogniser of the emoji world');
    expect((await page()).match(/<svg/g)).toHaveLength(1);
    for (const { label } of result.points) expect(await page()).toContain(label);
    expect(JSON.parse(await readFile(result.file, 'utf8'))).toMatchObject({ seeds: [0, 1], points: result.points });
  });

  it('evaluates again by other settings alone, and draws no image twice', { timeout: 60_000 }, async () => {
    const images = async () => (await openedImages()).length;
    const before = await images();
    const again = { arms: armsNamed(['dpo']), seeds: 1, reward: 'default', overrides: [] };
    const run = async (own: Project) => {
      const { time } = await evaluationOf('cmp-dpo-0');
      const signal = new AbortController().signal;
      await runCompareMethods(own, { ...again, signal, note: () => {} }, silentProgress);
      return (await evaluationOf('cmp-dpo-0')).time !== time;
    };
    expect(await run(project)).toBe(false);
    const fewer = await openProject(project.folder, { overrides: ['evaluate.raters=5'] });
    expect(await run(fewer)).toBe(true);
    expect(await images()).toBe(before);
  });

  const evaluationOf = (name: string) =>
    readEvaluation(join(project.paths.runs, `${name}-evaluation`, EVALUATION_FILE));
  const openedImages = async () => {
    const store = createImageStore(project.paths.images);
    const all = store.all();
    await store.close();
    return all;
  };
});
