/**
 * The whole loop on real parts, small: generate, label, reward, tune, evaluate, report with the shipped base model. It
 * proves that the chain closes, resumes and reports; what it can learn at this size proves nothing.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoResult, runDemo } from '../packages/heed/src/demo/run.ts';
import { silentProgress } from '../packages/heed/src/progress/index.ts';

let folder: string;
let result: DemoResult;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-loop-'));
  result = await runDemo({ folder: join(folder, 'demo'), scale: 'tiny', seed: 1 }, silentProgress);
}, 600_000);

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
  expect(feedback.length).toBe(2 * (8 * 3 + 6 * 4));
  expect(feedback.every((line) => JSON.parse(line).raterKind === 'simulated')).toBe(true);
});

it('writes a page that needs nothing else', async () => {
  const page = await readFile(join(folder, 'demo/reports/evaluate-demo.html'), 'utf8');
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
