/** What is remembered survives the process, and another demo is not mixed into it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { initProject, type Project } from '../project/index.ts';
import { openDemoState } from './demo-state.ts';
import { DEMO_SCALES, settingsOf } from './scales.ts';

let project: Project;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'heed-demo-'));
  project = await initProject(join(folder, 'demo'), { overrides: settingsOf(DEMO_SCALES.tiny, { seed: 4 }) });
});

afterEach(async () => {
  await rm(join(project.folder, '..'), { recursive: true, force: true });
});

it('runs a stage once and remembers it', async () => {
  let runs = 0;
  const work = async () => {
    runs += 1;
  };
  const state = await openDemoState(project, { scale: 'tiny', seed: 4 });
  await state.run('label', work);
  await state.run('label', work);
  const again = await openDemoState(project, { scale: 'tiny', seed: 4 });
  await again.run('label', work);
  expect(runs).toBe(1);
  expect(again.isFinished('label')).toBe(true);
  expect(again.peakRssMb).toBeGreaterThan(20);
});

it('counts the time of a stage that failed but does not take it for finished', async () => {
  const state = await openDemoState(project, { scale: 'tiny', seed: 4 });
  const failing = async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    throw new Error('no space');
  };
  await expect(state.run('tune', failing)).rejects.toThrow('no space');
  const again = await openDemoState(project, { scale: 'tiny', seed: 4 });
  expect(again.isFinished('tune')).toBe(false);
  expect(again.wallSeconds).toBeGreaterThan(0.02);
});

it('refuses another scale or seed in the same folder', async () => {
  await (await openDemoState(project, { scale: 'tiny', seed: 4 })).run('label', async () => {});
  await expect(openDemoState(project, { scale: 'small', seed: 4 })).rejects.toThrow(
    /expected a demo of scale 'small' and seed 4, found one of 'tiny' and 4/,
  );
  await expect(openDemoState(project, { scale: 'tiny', seed: 5 })).rejects.toThrow(/seed 5/);
});
