// Training runs through the HTTP API: which are shown, and what a page hears of one while a process writes to it.
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodePng } from '../../images/png.ts';
import { openMetricsLog } from '../../metrics/metrics-log.ts';
import { startRun, withLock } from '../../project/index.ts';
import type { Project } from '../../project/project.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import type { TrainingNews } from '../routes/training.ts';
import { openTestStudio, type TestStudio } from '../testing.ts';
import { followMetrics } from './metrics-tail.ts';

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-training-'));
  project = await makeDrawnProject(join(folder, 'p'), {
    prompts: 1,
    overrides: ['tune.samplePrompts=["A <i>dog</i>."]'],
  });
  test = await openTestStudio(project);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const get = async <T>(path: string) => (await (await test.request(path, { token: test.owner })).json()) as T;
const runs = async () => (await get<{ runs: { id: string; isGoing: boolean }[] }>('/api/training')).runs;

async function* news(id: string): AsyncGenerator<TrainingNews> {
  const response = await test.request(`/api/training/${id}/events`, { token: test.owner });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data) yield JSON.parse(data) as TrainingNews;
    }
  }
}

it('tells of a run as it goes on, and ends when its process lets go', async () => {
  expect(await runs()).toEqual([]);
  await startRun(project, { command: 'evaluate' });
  await withLock(project, 'tune', async () => {
    const { id, folder: runFolder } = await startRun(project, { command: 'tune', name: 'tuned' });
    expect(await runs()).toMatchObject([{ id, command: 'tune', isGoing: true }]);
    const { config } = await get<{ config: { text: string; samplePrompts: string[] } }>(`/api/training/${id}`);
    expect(config.samplePrompts).toEqual(['A <i>dog</i>.']);
    expect(config.text).toContain('[tune]');

    const heard = news(id);
    const next = async () => (await heard.next()).value as TrainingNews;
    expect(await next()).toMatchObject({ isGoing: true, curves: [] });
    const metrics = await openMetricsLog(runFolder);
    await metrics.log(10, { loss: 2 });
    expect((await next()).curves).toMatchObject([{ name: 'main', isAnew: false, records: [{ step: 10, loss: 2 }] }]);
    await mkdir(join(runFolder, 'samples'));
    const grid = { width: 2, height: 1, data: Uint8Array.of(255, 0, 0, 0, 255, 0) };
    await writeFile(join(runFolder, 'samples/step-00000010.png'), encodePng(grid, { parameters: 'secret recipe' }));
    expect(await next()).toEqual({ isGoing: true, curves: [], samples: [10] });
    await metrics.close();

    // Taken up again from a checkpoint before: what was heard of step 10 no longer counts.
    const resumed = await openMetricsLog(runFolder, { resumeAfterStep: 5 });
    await resumed.log(6, { loss: 1.5 });
    expect((await next()).curves).toMatchObject([{ isAnew: true, records: [{ step: 6 }] }]);
    await resumed.close();

    const picture = await test.request(`/api/training/${id}/samples/10`, { token: test.owner });
    const bytes = Buffer.from(await picture.arrayBuffer()).toString('latin1');
    expect([picture.status, bytes.includes('secret recipe')]).toEqual([200, false]);
    expect((await test.request(`/api/training/${id}/samples/11`, { token: test.owner })).status).toBe(404);
    setTimeout(() => void rm(join(project.paths.state, 'tune.lock')), 100);
    expect((await next()).isGoing).toBe(false);
    expect((await heard.next()).done).toBe(true);
  });
  expect(await runs()).toMatchObject([{ id: 'tuned', isGoing: false }]);
  const finished: TrainingNews[] = [];
  for await (const each of news('tuned')) finished.push(each);
  expect(finished).toMatchObject([{ isGoing: false, curves: [{ records: [{ step: 6 }] }], samples: [10] }]);
  for (const id of ['none', 'evaluate-0001', '..%2Fruns']) {
    expect((await test.request(`/api/training/${id}`, { token: test.owner })).status).toBe(404);
  }
});

it('reads a line only when it is whole', async () => {
  const inside = join(folder, 'tail');
  await mkdir(inside);
  const tail = followMetrics(inside);
  expect(await tail.read()).toEqual({ isAnew: false, records: [] });
  const path = join(inside, 'metrics.jsonl');
  await appendFile(path, '{"step":1,"loss":1}\n{"step":2,"lo');
  expect((await tail.read()).records).toEqual([{ step: 1, loss: 1 }]);
  expect((await tail.read()).records).toEqual([]);
  await appendFile(path, 'ss":3}\n');
  expect((await tail.read()).records).toEqual([{ step: 2, loss: 3 }]);
});
