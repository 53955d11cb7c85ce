// What the studio answers where the work behind a route throws: a damaged file, a failing machine, a defect.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFECT_ANSWER } from '../../errors.ts';
import { openProject } from '../../project/index.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, TEST_ORIGIN, type TestStudio } from '../testing.ts';
import { createApp } from './app.ts';

let folder: string;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-errors-'));
  await makeDrawnProject(join(folder, 'p'), { prompts: 2 });
  test = await openTestStudio(await openProject(join(folder, 'p')));
});
afterAll(async () => {
  await test?.close();
  await rm(folder, { recursive: true });
});

/** The studio's app with a part that throws. */
async function answerOf(thrown: unknown, path = '/api/jobs') {
  const told: unknown[] = [];
  const jobs = { ...test.studio.jobs, all: () => Promise.reject(thrown) };
  const pages = { document: { bytes: new Uint8Array(), type: 'text/html' }, files: new Map(), inlineScripts: [] };
  const app = createApp({ ...test.studio, jobs }, { origins: [TEST_ORIGIN], pages, onError: (e) => told.push(e) });
  const response = await app.request(`${TEST_ORIGIN}${path}`, { headers: { Cookie: `heed-4180=${test.owner}` } });
  return { status: response.status, body: await response.json(), told, retry: response.headers.get('Retry-After') };
}

describe('a route whose work throws', () => {
  it('answers a defect with 500 and none of its words', async () => {
    const defect = new TypeError('cannot read root:x:0:0');
    const { status, body, told } = await answerOf(defect);
    expect({ status, body }).toEqual({ status: 500, body: { error: DEFECT_ANSWER } });
    expect(told).toEqual([defect]);
  });

  it('asks to send again where the machine or the database fails', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, /home/ann'), { code: 'ENOSPC' });
    const restarting = Object.assign(new Error('the database is starting up'), { code: '57P03', severity: 'FATAL' });
    for (const thrown of [full, new Error('Failed query: select', { cause: restarting })]) {
      const { status, body, retry } = await answerOf(thrown);
      expect({ status, body, retry }).toEqual({
        status: 503,
        body: { error: 'that did not work; nothing was changed' },
        retry: '2',
      });
    }
  });

  it('names a damaged file of the project to the owner, without its content', async () => {
    const path = join(test.studio.project.paths.models, 'reward-default', 'accuracy.json');
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, 'root:x:0:0:root:/root:/bin/bash');
    const response = await test.request('/api/overview', { token: test.owner });
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({
      error: `${path}: expected what was measured of a reward, got text that is not JSON`,
    });
    await rm(path);
    expect((await test.request('/api/overview', { token: test.owner })).status).toBe(200);
  });
});
