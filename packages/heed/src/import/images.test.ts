// People's own pictures, on a real project: every form of picture that is taken, what is left out by name, and that a bad
// line of the list changes nothing.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { decodePng } from '../images/png.ts';
import { createImageStore } from '../images/store.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import { importImages } from './images.ts';

let folder: string;
let pictures: string;
let project: Project;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-import-images-'));
  pictures = join(folder, 'pictures');
  await mkdir(pictures);
  project = await initProject(join(folder, 'project'));
});

afterEach(() => rm(folder, { recursive: true }));

const paint = (value: number, { width = 16, height = 12 } = {}) =>
  sharp({ create: { width, height, channels: 3, background: { r: value, g: 10, b: 200 } } });

const write = (name: string, bytes: Uint8Array | string) => writeFile(join(pictures, name), bytes);

async function writeList(rows: readonly object[]): Promise<void> {
  await write('metadata.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

describe('import images', () => {
  it('takes PNG, JPEG and WebP of any kind as plain RGB, with where they came from', async () => {
    await write('plain.png', await paint(1).png().toBuffer());
    await write('deep.png', await paint(2).toColourspace('rgb16').png().toBuffer());
    await write('palette.png', await paint(3).png({ palette: true }).toBuffer());
    await write('grey.png', await paint(4).greyscale().png().toBuffer());
    await write('clear.webp', await paint(5).ensureAlpha(0).webp().toBuffer());
    await write('print.jpg', await paint(6).toColourspace('cmyk').jpeg().toBuffer());
    // The extension says nothing; EXIF turns this one by a quarter.
    await write('turned.png', await paint(7).withMetadata({ orientation: 6 }).jpeg().toBuffer());
    const names = ['plain.png', 'deep.png', 'palette.png', 'grey.png', 'clear.webp', 'print.jpg', 'turned.png'];
    await writeList(names.map((file_name, i) => ({ file_name, text: i === 0 ? 'Two dogs.' : 'a cat at night' })));
    const now = new Date('2026-01-31T09:30:00Z');
    expect(await importImages(project, pictures, { now })).toEqual({
      set: 'train',
      added: 7,
      unchanged: 0,
      quarantined: [],
    });
    const store = createImageStore(project.paths.images);
    const records = store.all({ set: 'train' });
    expect(records.map(({ width, height }) => `${width} x ${height}`)).toEqual([
      ...Array(6).fill('16 x 12'),
      '12 x 16',
    ]);
    expect(records[0]).toMatchObject({
      prompt: 'Two dogs.',
      category: 'count',
      facts: { object: 'dog', count: 2 },
      purpose: 'learn',
      holdout: false,
      model: 'imported',
      source: { file: 'plain.png', time: '2026-01-31T09:30:00.000Z' },
    });
    expect([...(await store.read(records[0]!.id)).data.subarray(0, 3)]).toEqual([1, 10, 200]);
    expect([...(await store.read(records[4]!.id)).data.subarray(0, 3)]).toEqual([255, 255, 255]);
    const { parameters, recipe } = decodePng(await store.readPng(records[0]!.id));
    expect(parameters).toBe('Two dogs.');
    expect(recipe).toBe(`Two dogs.\nSource: ${records[0]!.source!.sha256}`);
  });

  it('adds nothing when run again, from a CSV with a last line that is not ended, too', async () => {
    for (const i of [1, 2]) await write(`${i}.png`, await paint(i).png().toBuffer());
    await write('metadata.csv', 'file_name,caption,extra\n1.png,"a vase, ""blue""",x\n2.png,a vase,y');
    expect(await importImages(project, pictures)).toMatchObject({ added: 2, unchanged: 0 });
    const index = await readFile(join(project.paths.images, 'index.jsonl'));
    expect(await importImages(project, join(pictures, 'metadata.csv'))).toMatchObject({ added: 0, unchanged: 2 });
    expect(await readFile(join(project.paths.images, 'index.jsonl'))).toEqual(index);
    expect(await importImages(project, pictures, { set: 'mine' })).toMatchObject({ added: 2 });
  });

  it('leaves out broken pictures by name, and refuses a list with more than one in twenty', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ file_name: `${i}.png`, text: 'a vase' }));
    for (const [i, { file_name }] of rows.entries()) await write(file_name, await paint(i).png().toBuffer());
    const whole = await paint(7).jpeg().toBuffer();
    await write('7.png', whole.subarray(0, whole.length - 40));
    await write('9.png', '');
    await writeList(rows);
    const { added, quarantined } = await importImages(project, pictures);
    expect(added).toBe(38);
    expect(quarantined).toEqual([
      {
        file: '7.png',
        line: 8,
        reason: expect.stringMatching(/^expected a whole picture of at most .*, got: .*JPEG/i),
      },
      { file: '9.png', line: 10, reason: 'expected a PNG, JPEG or WebP picture, got an empty file' },
    ]);
    await write('11.png', 'no picture');
    await rm(project.paths.images, { recursive: true });
    await expect(importImages(project, pictures)).rejects.toThrow(
      'expected at most 5 % broken pictures of 40, got 3, the first being 7.png (line 8)',
    );
    expect(existsSync(project.paths.images)).toBe(false);
  });

  it('refuses the whole list at its first bad line, and writes nothing', async () => {
    await write('ok.png', await paint(1).png().toBuffer());
    await writeFile(join(folder, 'secret.png'), await paint(2).png().toBuffer());
    await symlink(join(folder, 'secret.png'), join(pictures, 'link.png'));
    await symlink(folder, join(pictures, 'out'));
    await mkdir(join(pictures, 'sub'));
    await mkdir(`${pictures}2`);
    await writeFile(`${pictures}2/sibling.png`, await paint(2).png().toBuffer());
    const text = 'a vase';
    const cases: [bad: object | string, sentence: string][] = [
      [{ file_name: '../secret.png', text }, "expected the name of a file inside the folder, got '../secret.png'"],
      [{ file_name: '..\\secret.png', text }, 'expected the name of a file inside the folder'],
      [{ file_name: join(folder, 'secret.png'), text }, 'expected the name of a file inside the folder'],
      [{ file_name: '../pictures2/sibling.png', text }, 'expected the name of a file inside the folder'],
      [{ file_name: 'link.png', text }, "got 'link.png', which leads out of it"],
      [{ file_name: 'out/secret.png', text }, "got 'out/secret.png', which leads out of it"],
      [{ file_name: 'sub', text }, "expected a file, got 'sub', which is something else"],
      [{ file_name: '.', text }, 'which leads out of it'],
      [{ file_name: 'ok.png\0.png', text }, 'file name: expected no control characters, got U+0000'],
      [{ file_name: 'none.png', text }, "expected a file inside the folder, found no 'none.png'"],
      [{ file_name: 'ok.png' }, 'expected a prompt under text or prompt or caption, got neither'],
      [{ file_name: 'ok.png', text: '' }, 'expected a prompt, got an empty cell'],
      [{ file_name: 'ok.png', text: 'x'.repeat(2001) }, 'prompt: expected at most 2000 characters, got 2001'],
      [{ file_name: 'ok.png', text: 'a\nb' }, 'prompt: expected no control characters, got U+000A'],
      [{ file_name: 7, text }, "expected a file name as a text under 'file_name', got another value"],
      ['[1]', 'expected a JSON object, got another value'],
      ['{"file_name": ', 'expected a JSON object, got damaged text'],
    ];
    for (const address of [
      'http://127.0.0.1/x.png',
      'https://a/x.png',
      'file:///etc/passwd',
      'gopher://x',
      'data:image/png;base64,',
    ]) {
      cases.push([{ file_name: address, text }, `got the address '${address}', and none is fetched`]);
    }
    for (const [bad, sentence] of cases) {
      const line = typeof bad === 'string' ? bad : JSON.stringify(bad);
      await write('metadata.jsonl', `${JSON.stringify({ file_name: 'ok.png', text })}\n${line}\n`);
      const error = await importImages(project, pictures).catch((thrown: unknown) => thrown);
      expect(error, sentence).toBeInstanceOf(HeedError);
      expect((error as HeedError).message).toContain(`metadata.jsonl, line 2: `);
      expect((error as HeedError).message).toContain(sentence);
      expect((error as HeedError).exitCode).toBe(2);
      expect(existsSync(project.paths.images)).toBe(false);
    }
    await expect(importImages(project, join(folder, 'nowhere'))).rejects.toThrow('found nothing');
    await expect(importImages(project, join(pictures, 'sub'))).rejects.toThrow('found neither');
    await expect(importImages(project, pictures, { set: '../x' })).rejects.toThrow('the name of a set must be');
    await expect(importImages(project, pictures, { model: 'none' })).rejects.toThrow("there is no 'none'");
  });
});
