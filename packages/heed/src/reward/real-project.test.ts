// A project of somebody's own: what is learned from is said by purpose and list, never by words or names of sets.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeReward } from '../cli/describe-reward.ts';
import { exportPairs } from '../export/preference-pairs.ts';
import { eventId, type FeedbackEvent, openFeedbackLog, queryId } from '../feedback/index.ts';
import { createImageStore } from '../images/index.ts';
import { silentProgress } from '../progress/index.ts';
import { initProject, type Project } from '../project/index.ts';
import { CUSTOM_CATEGORY } from '../prompts/index.ts';
import { addDrawnImages, type DrawnProjectOptions } from '../testing/drawn-project.ts';
import { withoutLearned } from './project-images.ts';
import { findRewardReport } from './report-file.ts';
import { runReward } from './run.ts';
import { rewardFolder } from './scorer.ts';

const PROMPTS = [
  'a bear in the woods',
  'a tiger sleeping on a sofa',
  'a red rose on a table',
  'Two wolves.',
  'a rabbit, oil painting',
  'an astronaut',
  'ein Bär im Wald',
];

let folder: string;
let project: Project;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-real-'));
  project = await initProject(join(folder, 'own'), {
    overrides: ['world=none', 'threads=1', 'reward.epochs=3', 'reward.hidden=32'],
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const draw = (options: Omit<DrawnProjectOptions, 'prompts'> = {}, prompts: readonly string[] = PROMPTS) =>
  addDrawnImages(project, {
    imagesPerPrompt: 6,
    ...options,
    prompts: prompts.map((text) => ({ text, category: CUSTOM_CATEGORY, holdout: false })),
  });

/** Every other image of a prompt is good. */
async function judgeAll(): Promise<number> {
  const log = openFeedbackLog(project.paths.feedback);
  const events = createImageStore(project.paths.images)
    .all()
    .map((image): FeedbackEvent => {
      const query = queryId(image.prompt, ['all']);
      const id = eventId({ query, rater: 'Ann', image: image.id });
      const label = image.seed % 2 === 0 ? 'good' : 'bad';
      const time = new Date(0).toISOString();
      const { prompt, model } = image;
      return { id, time, rater: 'Ann', raterKind: 'human', query, image: image.id, prompt, model, label };
    });
  await log.append(events);
  await log.close();
  return events.length;
}

const reward = () => runReward(project, {}, silentProgress);
const used = ({ images }: { images: { training: number; validation: number; test: number } }) =>
  images.training + images.validation + images.test;

describe('heed reward', () => {
  it('learns from every judged image of prompts with a bear, a tiger, a rose, wolves or a rabbit', async () => {
    await draw();
    const judged = await judgeAll();
    const result = await reward();
    expect(used(result)).toBe(judged);
    expect(result.leftOut).toEqual([]);
    expect(result.summary.unseen.n).toBe(0);
    expect(result.summary.seen.n).toBeGreaterThan(0);
    // The one reward that is used, and nothing for the paper's figure.
    expect(Object.keys(result.accuracy).sort()).toEqual(['aux', 'clip']);
    expect((await exportPairs(project, join(folder, 'pairs.parquet'))).rows).toBe(PROMPTS.length * 9);
  }, 60_000);

  it.each(['evaluators', 'evaluated-by-anna', 'fidelity-friends'])(
    'learns from a set named %s',
    async (set) => {
      await draw({ set });
      const judged = await judgeAll();
      const result = await reward();
      expect([used(result), result.leftOut]).toEqual([judged, []]);
    },
    60_000,
  );

  it('learns from images whose records an earlier heed wrote, whatever it guessed of their words', async () => {
    await draw();
    const index = join(project.paths.images, 'index.jsonl');
    const lines = (await readFile(index, 'utf8')).trim().split('\n');
    const former = lines.map((line) => {
      const { holdout: _, purpose: __, ...record } = JSON.parse(line);
      const wasTemplate = record.prompt === 'Two wolves.';
      const attributes = wasTemplate ? { attributes: { object: 'wolf', count: 2 } } : {};
      const seen = !/bear|tiger|rose|wolves|rabbit/.test(record.prompt);
      return JSON.stringify({ ...record, ...attributes, category: wasTemplate ? 'count' : 'custom', seen });
    });
    await writeFile(index, `${former.join('\n')}\n`);
    const judged = await judgeAll();
    const result = await reward();
    expect([used(result), result.leftOut]).toEqual([judged, []]);
  }, 60_000);

  it('says what it left out, why, and how many', async () => {
    await draw();
    await draw({ set: 'exam', purpose: 'measure', model: 'other' }, PROMPTS.slice(0, 2));
    await writeFile(join(project.folder, 'prompts.csv'), `prompt,holdout\n${PROMPTS[5]},yes\n${PROMPTS[0]},no\n`);
    const own = await initProject(join(folder, 'listed'), {
      overrides: ['world=none', 'threads=1', 'reward.epochs=2', 'generate.prompts=../own/prompts.csv'],
    });
    const judged = await judgeAll();
    project = { ...own, paths: project.paths };
    const result = await reward();
    expect(used(result)).toBe(judged);
    expect(result.leftOut).toEqual([
      { reason: 'measures', images: 12, names: ['exam'] },
      { reason: 'held-out', images: 6, names: ['an astronaut'] },
    ]);
    expect(describeReward(result)).toEqual(
      expect.arrayContaining([
        "12 judged images are left out of learning: they only measure (set 'exam')",
        "6 judged images are left out of learning: their prompt is held out for evaluation ('an astronaut')",
      ]),
    );
  }, 60_000);

  it('does not call prompts held out that it learned from', async () => {
    await draw({}, PROMPTS.slice(0, 2));
    await draw({ set: 'exam', purpose: 'measure' }, PROMPTS.slice(2, 3));
    const prompts = PROMPTS.map((text) => ({ text, category: CUSTOM_CATEGORY, holdout: true }));
    const store = createImageStore(project.paths.images);
    const marked = await withoutLearned(project, store, prompts);
    expect(marked.map(({ holdout }) => holdout)).toEqual([false, false, true, true, true, true, true]);
  });

  it('says why nothing can be learned', async () => {
    await draw({ set: 'exam', purpose: 'measure' });
    const judged = await judgeAll();
    await expect(reward()).rejects.toThrow(
      `got 0 good, 0 bad and 0 to stop by, of ${judged} judged images; ${judged} judged images are left out of learning: they only measure (set 'exam'); label more images`,
    );
    await expect(exportPairs(project, join(folder, 'pairs.parquet'))).rejects.toThrow(
      `found none; ${judged} judged images are left out of learning`,
    );
  });

  it('tells how far to trust it by category, what more labels would bring, and how prompts were perturbed', async () => {
    await draw({ imagesPerPrompt: 12 });
    await judgeAll();
    const result = await reward();
    const { trust, learningCurve, perturbations } = result;
    expect(trust).toHaveLength(1);
    const { pairs, accuracy } = trust![0]!;
    expect(pairs).toBe(result.accuracy.aux!.all.pairs);
    expect(accuracy).toEqual(result.accuracy.aux!.all.accuracy);
    expect(learningCurve!.points.map(({ share }) => share)).toEqual([0.25, 0.5, 1]);
    expect(learningCurve!.points.at(-1)!.accuracy).toEqual(accuracy);
    expect(learningCurve!.points.map(({ images }) => images)).toEqual(
      [0.25, 0.5, 1].map((share) => Math.round(share * result.images.training)),
    );
    expect(perturbations).toEqual({ words: 4, 'words-and-prompts': 2, prompts: 1 });
    expect(await findRewardReport(join(rewardFolder(project, 'default'), 'accuracy.json'))).toMatchObject({
      trust,
      learningCurve,
      perturbations,
    });
    const lines = describeReward(result).join('\n');
    expect(lines).toContain('custom');
    // Three prompts have held-out pairs.
    expect(lines).toContain('Too few labels to tell what more of them would bring.');
    expect(lines).toContain(
      "Prompts perturbed for the auxiliary task: 4 by swapped words, 2 by swapped words and the project's other prompts, 1 by the project's other prompts",
    );
  }, 60_000);
});
