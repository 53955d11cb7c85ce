// The studio as a process: it is killed in the middle of labelling, again and again, and no acknowledged label is lost.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openFeedbackLog } from '../packages/heed/src/feedback/index.ts';
import { makeDrawnProject } from '../packages/heed/src/testing/drawn-project.ts';
import { startStudioProcess } from './studio-process.ts';

/** A tenth of what the fault table asks for would be 10; each start costs seconds on a busy machine. */
const KILLS = Number(process.env.HEED_STUDIO_KILLS ?? 3);

let folder: string;
let project: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-studio-kill-'));
  project = join(folder, 'p');
  await makeDrawnProject(project, { prompts: 200 });
});
afterAll(() => rm(folder, { recursive: true }));

it('keeps every acknowledged answer over SIGKILL, once, and knows them after the restart', async () => {
  const acknowledged: string[] = [];
  let cookie = '';
  for (let kill = 0; kill <= KILLS; kill++) {
    const studio = await startStudioProcess(project);
    cookie = await studio.login();
    const post = async (path: string, body: unknown) => {
      const response = await fetch(`${studio.origin}/api/labelling/${path}`, {
        method: 'POST',
        headers: { Origin: studio.origin, Cookie: cookie, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      return response.json() as Promise<{ queries: { id: string }[] }>;
    };
    const standing = await fetch(`${studio.origin}/api/labelling/standing`, { headers: { Cookie: cookie } });
    const { answered } = (await standing.json()) as { answered: number };
    // What was written but not acknowledged may be there as well: at most what was under way.
    expect(answered).toBeGreaterThanOrEqual(acknowledged.length);
    expect(answered).toBeLessThanOrEqual(acknowledged.length + 10 * kill);
    if (kill === KILLS) {
      expect(await studio.stop()).toBe(0);
      break;
    }
    const { queries } = await post('lease', { count: 10 });
    const killAfter = 2 + 3 * kill;
    let done = 0;
    const dead = once(studio.child, 'exit');
    await Promise.allSettled(
      queries.map(async ({ id: query }, i) => {
        const id = randomUUID();
        await new Promise((resolve) => setTimeout(resolve, 5 * i));
        await post('answers', { id, query, labels: ['good', 'bad', 'bad'] });
        acknowledged.push(id);
        done += 1;
        if (done === killAfter) studio.child.kill('SIGKILL');
      }),
    );
    studio.child.kill('SIGKILL');
    await dead;
  }
  expect(acknowledged.length).toBeGreaterThan(KILLS);
  const events = await openFeedbackLog(join(project, 'feedback.jsonl')).read();
  const counts = new Map<string, number>();
  for (const { answer } of events) counts.set(answer!, (counts.get(answer!) ?? 0) + 1);
  expect(acknowledged.map((id) => counts.get(id))).toEqual(acknowledged.map(() => 3));
  const pairs = events.map(({ query, image }) => `${query} ${image}`);
  expect(new Set(pairs).size).toBe(pairs.length);
  expect(existsSync(join(project, '.heed/studio.lock'))).toBe(false);
});

it('is the only one on its project, and says who the other is', async () => {
  const first = await startStudioProcess(project);
  const since = JSON.parse(await readFile(join(project, '.heed/studio.lock'), 'utf8')) as { pid: number };
  expect(since.pid).toBe(first.child.pid);
  await expect(startStudioProcess(project)).rejects.toThrow(
    `another process (${first.child.pid}) has been running \`heed studio\` on this project since`,
  );
  expect(await first.stop()).toBe(0);
});
