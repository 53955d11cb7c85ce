// The newest evaluation is found by its record, not by the name of its run.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { initProject } from '../project/index.ts';
import { exampleInput } from '../report/example-input.ts';
import { EVALUATION_FILE } from './evaluation-file.ts';
import { newestEvaluation } from './newest-evaluation.ts';

const folder = await mkdtemp(join(tmpdir(), 'heed-newest-'));
afterAll(() => rm(folder, { recursive: true }));

it('is the one with the latest time, in a run of any name', async () => {
  const project = await initProject(folder);
  expect(await newestEvaluation(project)).toBeUndefined();
  const evaluation = exampleInput().evaluation!;
  for (const [run, time] of [
    ['evaluate-0001', '2026-01-01T00:00:00.000Z'],
    ['evaluate-demo', '2026-03-01T00:00:00.000Z'],
    ['evaluate-0002', '2026-02-01T00:00:00.000Z'],
  ] as const) {
    await mkdir(join(project.paths.runs, run), { recursive: true });
    await writeFile(join(project.paths.runs, run, EVALUATION_FILE), JSON.stringify({ ...evaluation, run, time }));
  }
  await mkdir(join(project.paths.runs, 'tune-0001'));
  expect((await newestEvaluation(project))?.run).toBe('evaluate-demo');
});
