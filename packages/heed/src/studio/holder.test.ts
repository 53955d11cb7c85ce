// Commands that add judgements while a studio is open: they go through it, and it knows them at once.
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { holderPath, type StudioHolder, withEventSink } from '../feedback/event-sink.ts';
import { importFeedback } from '../feedback/import-csv.ts';
import { openFeedbackLog } from '../feedback/log.ts';
import { openProject, type Project, takeLock } from '../project/index.ts';
import { makeDrawnProject } from '../testing/drawn-project.ts';
import { openTestStudio, type TestStudio } from './testing.ts';

let folder: string;
let project: Project;
let test: TestStudio;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-holder-'));
  await makeDrawnProject(join(folder, 'p'), { prompts: 4 });
  project = await openProject(join(folder, 'p'));
  test = await openTestStudio(project);
});
afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const readHolder = async () => JSON.parse(await readFile(holderPath(project), 'utf8')) as StudioHolder;
const events = () => openFeedbackLog(project.paths.feedback).read();

it('takes what a command imports, once, and counts it at once', async () => {
  const { rows } = await test.studio.database.db.execute<{ id: string; images: string[] }>(
    sql`select id, images from queries order by id limit 1`,
  );
  const { id, images } = rows[0]!;
  const csv = join(folder, 'judged.csv');
  const lines = images.map((image, i) => `${image},${i === 0 ? 'good' : 'bad'},Eve,${id}`);
  await writeFile(csv, ['image,label,rater,query', ...lines, ''].join('\n'));
  expect(await importFeedback(project, csv)).toMatchObject({ added: images.length, unchanged: 0 });
  expect(await importFeedback(project, csv)).toMatchObject({ added: 0, unchanged: images.length });
  expect((await events()).filter(({ rater }) => rater === 'Eve')).toHaveLength(images.length);
  const { rows: counted } = await test.studio.database.db.execute<{ answers: number }>(
    sql`select answers from queries where id = ${id}`,
  );
  expect(counted[0]!.answers).toBe(1);
  const sent = (await events()).slice(0, 1);
  expect(await withEventSink(project, (sink) => sink.append(sent))).toBe(0);
});

it('listens to nobody without the token, and to no page', async () => {
  const { url, token } = await readHolder();
  const before = (await events()).length;
  const post = async (headers: Record<string, string>, body: string) =>
    (await fetch(`${url}/events`, { method: 'POST', headers, body })).status;
  const good = `Bearer ${token}`;
  expect(await post({}, '{"events":[]}')).toBe(404);
  expect(await post({ Authorization: 'Bearer x' }, '{"events":[]}')).toBe(404);
  expect(await post({ Authorization: good, Origin: 'http://evil.example' }, '{"events":[]}')).toBe(404);
  expect(await post({ Authorization: good }, '{"events":[{"id":"x"}]}')).not.toBe(200);
  expect(await post({ Authorization: good }, '{"events":1}')).toBe(400);
  expect(await post({ Authorization: good }, '{"events":[]}')).toBe(200);
  expect(await events()).toHaveLength(before);
  expect((await stat(holderPath(project))).mode & 0o777).toBe(0o600);
  expect(new URL(url).hostname).toBe('127.0.0.1');
});

it('is gone with the studio, and then the log is the commands’ own', async () => {
  await test.close();
  expect(existsSync(holderPath(project))).toBe(false);
  const lock = await takeLock(project.paths.state, 'label');
  await expect(withEventSink(project, (sink) => sink.append([]))).rejects.toThrow('another process');
  await lock.release();
  expect(await withEventSink(project, (sink) => sink.append([]))).toBe(0);
});
