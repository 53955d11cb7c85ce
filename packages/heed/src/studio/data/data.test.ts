// The owner's imports and exports over HTTP: round trips into a running studio, limits, and what never becomes a path.
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFeedbackLog } from '../../feedback/log.ts';
import { createImageStore } from '../../images/store.ts';
import { takeLock } from '../../project/index.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { openTestStudio, TEST_ORIGIN, type TestStudio } from '../testing.ts';

let folder: string;
let test: TestStudio;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-data-'));
  test = await openTestStudio(await makeDrawnProject(join(folder, 'p'), { prompts: 2 }));
});

afterAll(async () => {
  await test.close();
  await rm(folder, { recursive: true });
});

const state = () => test.studio.project.paths.state;
const openUpload = async () => (await test.post<{ id: string }>('/api/data/uploads', {}, test.owner)).id;

async function put(id: string, name: string, body: Uint8Array | string): Promise<Response> {
  return test.app.request(`${TEST_ORIGIN}/api/data/uploads/${id}/files?name=${encodeURIComponent(name)}`, {
    method: 'PUT',
    headers: { Origin: TEST_ORIGIN, Cookie: `heed-4180=${test.owner}` },
    body: body as string,
  });
}

const take = (id: string, body: object) =>
  test.request(`/api/data/uploads/${id}/import`, { method: 'POST', body, token: test.owner });

const download = (name: string) => test.request(`/api/data/downloads/${name}`, { token: test.owner });

interface Leased {
  queries: { id: string; prompt: string; images: { name: string }[] }[];
}

async function answerOne(labels: ('good' | 'bad')[]): Promise<void> {
  const { queries } = await test.post<Leased>('/api/labelling/lease', { count: 1 }, test.owner);
  const id = crypto.randomUUID();
  await test.post('/api/labelling/answers', { id, query: queries[0]!.id, labels, seconds: 5 }, test.owner);
}

describe('downloads', () => {
  it('are attachments with everything that was said, and leave nothing behind', async () => {
    expect((await download('train.parquet')).status).toBe(409);
    await answerOne(['good', 'bad', 'good']);
    for (const [name, type] of [
      ['feedback.csv', 'text/csv; charset=utf-8'],
      ['images.csv', 'text/csv; charset=utf-8'],
      ['label-studio.json', 'application/json'],
      ['train.parquet', 'application/vnd.apache.parquet'],
    ]) {
      const response = await download(name!);
      expect([name, response.status, response.headers.get('content-type')]).toEqual([name, 200, type]);
      expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${name}"`);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect(bytes.length).toBe(Number(response.headers.get('content-length')));
      if (name === 'train.parquet') expect(bytes.toString('latin1', 0, 4)).toBe('PAR1');
      if (name === 'feedback.csv') expect(bytes.toString().trim().split('\n')).toHaveLength(4);
    }
    await expect.poll(() => readdir(join(state(), 'downloads'))).toEqual([]);
    for (const name of ['heed.toml', '..%2Fheed.toml', 'feedback.csv%00', 'constructor', '']) {
      expect([name, (await download(name)).status]).toEqual([
        name,
        expect.toSatisfy((status) => status === 400 || status === 404),
      ]);
    }
  });
});

describe('uploads', () => {
  it('of judgements reach the log and the tables of the running studio, once', async () => {
    const text = await (await download('feedback.csv')).text();
    const again = await openUpload();
    expect((await put(again, 'feedback.csv', text)).status).toBe(200);
    expect(await (await take(again, { what: 'feedback' })).json()).toMatchObject({ added: 0, unchanged: 3 });
    const { id, prompt } = test.studio.images.current().all()[5]!;
    const upload = await openUpload();
    await put(upload, 'judged.csv', `image,label\n${id},good\n`);
    const result = await take(upload, { what: 'feedback', rater: 'anna' });
    expect(await result.json()).toEqual({ what: 'feedback', added: 1, unchanged: 0, withoutLabel: 0, notes: [] });
    const events = await openFeedbackLog(test.studio.project.paths.feedback).read();
    expect(events.at(-1)).toMatchObject({ rater: 'anna', image: id, prompt, label: 'good' });
    // The desk goes on counting where the import ended, so that a restart reads nothing twice.
    await answerOne(['bad', 'bad', 'bad']);
    const { progress } = await import('../storage/schema.ts');
    const counts = await test.studio.database.db.select().from(progress);
    const logged = await openFeedbackLog(test.studio.project.paths.feedback).read();
    expect(counts.find(({ source }) => source === 'feedback')?.count).toBe(logged.length);
    expect(existsSync(join(state(), 'uploads', upload))).toBe(false);
  });

  it('of bad judgements change nothing, and say why in the words of the owner', async () => {
    const before = await openFeedbackLog(test.studio.project.paths.feedback).read();
    const upload = await openUpload();
    await put(upload, 'a <b> list.csv', 'image,label,rater\nffffffffffffffff,good,x\n');
    const response = await take(upload, { what: 'feedback' });
    expect(response.status).toBe(409);
    const { error } = (await response.json()) as { error: string };
    expect(error).toBe("'a <b> list.csv', line 2: expected the id of an image of this project, got 'ffffffffffffffff'");
    expect(await openFeedbackLog(test.studio.project.paths.feedback).read()).toEqual(before);
  });

  it('of pictures become images of the project, whatever their names', async () => {
    const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const upload = await openUpload();
    const names = ['red.png', '../../../up.png', 'sub/deep.png', 'c:\\evil.png', '<img src=x>.png', '‮gnp.exe'];
    for (const name of names) expect((await put(upload, name, png)).status).toBe(200);
    const list = names.map((file_name, i) => JSON.stringify({ file_name, text: `picture ${i}` })).join('\n');
    expect((await put(upload, 'metadata.jsonl', list)).status).toBe(200);
    expect((await readdir(join(state(), 'uploads', upload))).sort()).toEqual(['0', '1', '2', '3', '4', '5', '6.jsonl']);
    const response = await take(upload, { what: 'images', set: 'mine' });
    expect(await response.json()).toMatchObject({ added: 6, unchanged: 0, quarantined: [] });
    const records = createImageStore(test.studio.project.paths.images).all({ set: 'mine' });
    expect(records.map(({ source }) => source?.file)).toEqual(names);
    const missing = await openUpload();
    await put(missing, 'metadata.jsonl', JSON.stringify({ file_name: '/etc/passwd', text: 'x' }));
    const refused = (await (await take(missing, { what: 'images' })).json()) as { error: string };
    expect(refused.error).toBe(
      "'metadata.jsonl', line 1: expected a file that was chosen along with the list, got '/etc/passwd'",
    );
  });

  it('of pictures wait for a command that draws, and are kept meanwhile', async () => {
    const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'blue' } })
      .png()
      .toBuffer();
    const upload = await openUpload();
    await put(upload, 'blue.png', png);
    await put(upload, 'blue.txt', 'a blue picture');
    const drawing = await takeLock(state(), 'generate');
    const waits = await take(upload, { what: 'images', set: 'waited' });
    expect(waits.status).toBe(503);
    expect(await waits.json()).toEqual({ error: 'heed generate is at work on the images' });
    await drawing.release();
    expect(await (await take(upload, { what: 'images', set: 'waited' })).json()).toMatchObject({ added: 1 });
    expect(existsSync(join(state(), 'uploads', upload))).toBe(false);
  });

  it('of pictures can have their captions beside them', async () => {
    const png = await sharp({ create: { width: 9, height: 9, channels: 3, background: 'blue' } })
      .png()
      .toBuffer();
    const upload = await openUpload();
    await put(upload, '10_vase/blue.png', png);
    await put(upload, '10_vase/blue.txt', 'a blue vase');
    await put(upload, 'bare.png', png);
    await put(upload, 'notes.md', 'of no picture');
    const response = await take(upload, { what: 'images', set: 'captioned' });
    expect(await response.json()).toMatchObject({
      added: 1,
      quarantined: [{ file: 'bare.png', reason: 'expected a caption beside it in a .txt, found none' }],
    });
    const [record] = createImageStore(test.studio.project.paths.images).all({ set: 'captioned' });
    expect(record).toMatchObject({ prompt: 'a blue vase', source: { file: '10_vase/blue.png' } });
    const none = await openUpload();
    await put(none, 'bare.png', png);
    const refused = (await (await take(none, { what: 'images' })).json()) as { error: string };
    expect(refused.error).toContain('the files: expected a metadata.jsonl or metadata.csv');
  });

  it('are held to their limits', async () => {
    const upload = await openUpload();
    expect((await put(upload, 'large.png', new Uint8Array(50_000_001))).status).toBe(413);
    expect(await readdir(join(state(), 'uploads', upload))).toEqual([]);
    expect((await put('none', 'a.png', 'x')).status).toBe(404);
    expect((await put(upload, '', 'x')).status).toBe(400);
    expect((await put(upload, 'a\nb', 'x')).status).toBe(400);
    expect((await put(upload, 'x'.repeat(501), 'x')).status).toBe(400);
    for (const body of [{}, { what: 'models' }, { what: 'images', set: '../up' }, { what: 'images', rater: 'x' }]) {
      const own = await openUpload();
      expect([body, (await take(own, body)).status]).toEqual([
        body,
        expect.toSatisfy((status) => status === 400 || status === 409),
      ]);
      await test.request(`/api/data/uploads/${own}/discard`, { method: 'POST', token: test.owner });
    }
    for (let i = 0; i < 3; i++) await openUpload();
    const fifth = await test.request('/api/data/uploads', { method: 'POST', token: test.owner });
    expect(fifth.status).toBe(429);
  });
});
