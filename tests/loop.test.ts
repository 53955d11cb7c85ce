/**
 * The whole loop on real parts, small: generate, label, reward, tune, evaluate, report with the shipped base model. It
 * proves that the chain closes, resumes and reports; what it can learn at this size proves nothing.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@heed/diffusion/autodiff';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoResult, runDemo } from '../packages/heed/src/demo/run.ts';
import { HeedError } from '../packages/heed/src/errors.ts';
import { eventId, type FeedbackEvent, openFeedbackLog, queryId } from '../packages/heed/src/feedback/index.ts';
import { createImageStore } from '../packages/heed/src/images/index.ts';
import { silentProgress } from '../packages/heed/src/progress/index.ts';

/** More than the world's two raters, so that the coin decides. */
const COIN_RATERS = 5;

let folder: string;
let result: DemoResult;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-loop-'));
  result = await runLoop(join(folder, 'demo'));
}, 600_000);

/**
 * The shipped base model is an early one, and at this size it may draw nothing that a rater calls good; the demo then
 * stops and says so. More judgements (a seeded coin an image) let it go on where it stopped.
 */
async function runLoop(demo: string): Promise<DemoResult> {
  const options = { folder: demo, scale: 'tiny', seed: 1 } as const;
  try {
    return await runDemo(options, silentProgress);
  } catch (error) {
    if (!(error instanceof HeedError)) throw error;
    expect(error.message).toContain('the reward needs good and bad images to learn from');
  }
  await addJudgements(demo);
  return runDemo(options, silentProgress);
}

async function addJudgements(demo: string): Promise<void> {
  const random = createRandom(1);
  const log = openFeedbackLog(join(demo, 'feedback.jsonl'));
  const images = (await createImageStore(join(demo, 'images'))).all().filter(({ set }) => set !== 'unlabelled');
  const events = images.flatMap((image) => {
    const label = random.uniform() < 0.5 ? ('good' as const) : ('bad' as const);
    return Array.from({ length: COIN_RATERS }, (_, i): FeedbackEvent => {
      const rater = `coin-${i + 1}`;
      const query = queryId(image.prompt, [image.id]);
      const id = eventId({ query, rater, image: image.id });
      const time = new Date(0).toISOString();
      return {
        id,
        time,
        rater,
        raterKind: 'simulated',
        query,
        image: image.id,
        prompt: image.prompt,
        model: image.model,
        label,
      };
    });
  });
  await log.append(events);
  await log.close();
}

afterAll(() => rm(folder, { recursive: true, force: true }));

it('measures base, tuned and best of n', async () => {
  const summary = JSON.parse(await readFile(join(folder, 'demo', 'summary.json'), 'utf8'));
  expect(summary).toEqual(result.summary);
  for (const side of ['base', 'tuned', 'bestOf16'] as const) {
    const { lo, mean, hi } = result.summary.alignment[side];
    expect(lo).toBeLessThanOrEqual(mean);
    expect(mean).toBeLessThanOrEqual(hi);
    expect(mean).toBeGreaterThanOrEqual(0);
    expect(hi).toBeLessThanOrEqual(1);
  }
  expect(result.summary.fidelity.base.cmmd).toBeGreaterThan(0);
  expect(result.summary.fidelity.tuned.frechet).toBeGreaterThan(0);
});

it('changes the model and keeps what it learned from', async () => {
  const evaluation = JSON.parse(await readFile(join(folder, 'demo/runs/evaluate-demo/evaluation.json'), 'utf8'));
  const [base, tuned] = evaluation.arms;
  expect(base.name).toBe('base');
  expect(tuned.name).toBe('tuned');
  expect(tuned.modelHash).not.toBe(base.modelHash);
  const feedback = (await readFile(join(folder, 'demo/feedback.jsonl'), 'utf8')).trim().split('\n');
  const byWorld = feedback.filter((line) => !JSON.parse(line).rater.startsWith('coin-'));
  expect(byWorld.length).toBe(2 * (8 * 3 + 6 * 4));
  expect(feedback.every((line) => JSON.parse(line).raterKind === 'simulated')).toBe(true);
});

it('writes a page that needs nothing else', async () => {
  const page = await readFile(join(folder, 'demo/reports/evaluate-demo.html'), 'utf8');
  expect(page).toContain('reward-weighted likelihood, 3 updates');
  expect(page).toContain('simulated');
  expect(page).toContain('data:image/png;base64,');
  expect(page).not.toMatch(/(?:src|href)="(?!data:)/);
});

it('has nothing to do when it is run again', async () => {
  const notes: string[] = [];
  const again = await runDemo(
    { folder: join(folder, 'demo'), scale: 'tiny', seed: 1, note: (text) => notes.push(text) },
    silentProgress,
  );
  expect(again.summary).toEqual(result.summary);
  expect(notes.join()).toContain('this demo is finished');
});

it('refuses another device in the same folder', async () => {
  const options = { folder: join(folder, 'demo'), scale: 'tiny', seed: 1, device: 'webgpu' } as const;
  await expect(runDemo(options, silentProgress)).rejects.toThrow(/expected a demo on webgpu, found one on cpu/);
});
