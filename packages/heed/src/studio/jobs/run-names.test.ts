// Names of runs that pages start: one that is free is offered, unfit ones are refused over HTTP.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Project } from '../../project/index.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import { nameOfRun, offeredNames } from './run-names.ts';

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-run-names-'));
  project = await makeDrawnProject(join(folder, 'p'), { prompts: 1 });
  test = await openTestStudio(project);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const begin = (name: string) => mkdir(join(project.paths.runs, name), { recursive: true });

it('offers a name that is free', async () => {
  expect(await offeredNames(project)).toEqual({ tune: 'tuned' });
  await begin('tuned');
  expect(await offeredNames(project)).toEqual({ tune: 'tuned-2' });
  // A model of that name that no run made.
  await mkdir(join(project.paths.models, 'tuned-2'), { recursive: true });
  const answer = await test.request('/api/job-settings', { token: test.owner });
  expect(((await answer.json()) as { names: unknown }).names).toEqual({ tune: 'tuned-3' });
  expect(await nameOfRun(project, 'tune')).toBe('tuned-3');
  expect(await nameOfRun(project, 'tune', 'strong')).toBe('strong');
  expect(await nameOfRun(project, 'evaluate')).toBeUndefined();
});

it('refuses a name in one sentence and starts nothing', async () => {
  for (const [kind, name, problem] of [
    ['tune', '../tuned', 'letters, digits, dots'],
    ['tune', 'reward-x', "must not be the base model's or begin with 'reward-'"],
    ['tune', project.config.model.name, 'must not be the base'],
    ['reward', 'other', 'numbers its runs itself'],
  ] as const) {
    const answer = await test.request('/api/jobs', { method: 'POST', token: test.owner, body: { kind, name } });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(problem)]);
  }
  const all = await test.request('/api/jobs', { token: test.owner });
  expect(await all.json()).toMatchObject({ jobs: [], workers: [{ isStudio: true }] });
});
