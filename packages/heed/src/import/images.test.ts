// People's own pictures, on a real project: every form of picture that is taken, what is left out by name, and that a
// bad line of the list changes nothing.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { decodePng } from '../images/png.ts';
import { createImageStore } from '../images/store.ts';
import { type ProgressFactory, silentProgress } from '../progress/index.ts';
import { initProject } from '../project/init.ts';
import { takeLock } from '../project/lock.ts';
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
  it('holds out the prompts that a column split or holdout names, in lists of either kind', async () => {
    for (const i of [1, 2, 3, 4])
      await write(
        `${i}.png`,
        await paint(40 * i)
          .png()
          .toBuffer(),
      );
    const list = 'file_name,text,split\n1.png,a bear,train\n2.png,a rose,TEST\n3.png,a wolf,\n4.png,a bear,train\n';
    await write('metadata.csv', `\ufeff${list.replaceAll('\n', '\r\n')}`);
    expect(await importImages(project, pictures)).toMatchObject({ added: 4, notes: [] });
    const heldOut = () =>
      createImageStore(project.paths.images)
        .all()
        .map(({ prompt, holdout }) => [prompt, holdout]);
    const expected = [
      ['a bear', false],
      ['a rose', true],
      ['a wolf', false],
      ['a bear', false],
    ];
    expect(heldOut()).toEqual(expected);
    await writeList([
      { file_name: '1.png', text: 'a moon', holdout: false },
      { file_name: '2.png', text: 'a moon', holdout: true },
      { file_name: '3.png', text: 'a sun', holdout: 0, split: null },
    ]);
    const note = 'prompts of which the list holds out some pictures and others not: 1; all their pictures are held out';
    expect(await importImages(project, pictures)).toMatchObject({ added: 3, notes: [note] });
    expect(heldOut()).toEqual([...expected, ['a moon', true], ['a moon', true], ['a sun', false]]);
  });

  it('keeps other processes from adding pictures, and is named to them', async () => {
    await write('1.png', await paint(1).png().toBuffer());
    await writeList([{ file_name: '1.png', text: 'a bear' }]);
    let second: Promise<unknown> | undefined;
    const progress: ProgressFactory = (options) => {
      second ??= takeLock(project.paths.state, 'generate').catch((error: Error) => error.message);
      return silentProgress(options);
    };
    expect(await importImages(project, pictures, { progress })).toMatchObject({ added: 1 });
    expect(await second).toContain('has been running `heed import` on this project');
  });

  it.each([
    [{ split: 'sometimes' }, "split: expected train or test, got 'sometimes'"],
    [{ split: 'train', holdout: 'yes' }, "expected holdout and split to agree, got 'yes' and 'train'"],
    [{ holdout: ['yes'] }, "expected a word under 'holdout', got another value"],
  ])('refuses the list for a row with %j', async (columns, sentence) => {
    await write('1.png', await paint(1).png().toBuffer());
    await writeList([{ file_name: '1.png', text: 'a bear', ...columns }]);
    await expect(importImages(project, pictures)).rejects.toThrow(`metadata.jsonl, line 1: ${sentence}`);
    expect(createImageStore(project.paths.images).all()).toEqual([]);
  });

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
      repeated: 0,
      scaled: 0,
      quarantined: [],
      notes: [],
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
        reason: expect.stringMatching(/^expected a whole picture, got: .*JPEG/i),
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

/** The prompts of what was imported, by the file's name. */
const imported = () =>
  Object.fromEntries(
    createImageStore(project.paths.images)
      .all()
      .map(({ prompt, source }) => [source!.file, prompt]),
  );

describe('import images with a caption beside each', () => {
  it('reads .txt and .caption, in folders of folders, in any case and encoding', async () => {
    const picture = (value: number) => paint(value).png().toBuffer();
    await mkdir(join(pictures, '10_dog/more'), { recursive: true });
    await mkdir(join(pictures, '__MACOSX'));
    const files: [image: string, caption: string, content: string | Uint8Array][] = [
      ['one.png', 'one.txt', 'a dog\n'],
      ['two.PNG', 'two.TXT', '\ufeffa "dog", at night\r\n'],
      ['10_dog/three.webp', '10_dog/three.caption', 'sks dog'],
      ['10_dog/more/four.png', '10_dog/more/four.png.txt', Buffer.from('\ufeffein grüner Hund', 'utf16le')],
      // macOS writes é as e and an accent.
      ['caf\u00e9.png', 'cafe\u0301.txt', 'a café'],
      ['lines.png', 'lines.txt', '\na first line\n  \nand a second\n'],
    ];
    for (const [i, [image, caption, content]] of files.entries()) {
      await write(image, await picture(i));
      await write(caption, content);
    }
    await write('one.caption', 'the .txt counts');
    await write('README.txt', 'of no picture');
    await write('._one.png', 'a resource fork');
    await write('__MACOSX/one.png', 'likewise');
    expect(await importImages(project, pictures)).toMatchObject({
      added: 6,
      quarantined: [],
      notes: ['captions of several lines, of which the first was taken: 1'],
    });
    expect(imported()).toEqual({
      'one.png': 'a dog',
      'two.PNG': 'a "dog", at night',
      '10_dog/three.webp': 'sks dog',
      '10_dog/more/four.png': 'ein grüner Hund',
      'caf\u00e9.png': 'a café',
      'lines.png': 'a first line',
    });
    expect(await importImages(project, pictures)).toMatchObject({ added: 0, unchanged: 6 });
  });

  it('names what is left out, and refuses a folder where that is more than one in twenty', async () => {
    for (let i = 0; i < 60; i++) {
      await write(`${i}.png`, await paint(i).png().toBuffer());
      await write(`${i}.txt`, 'a vase');
    }
    await rm(join(pictures, '3.txt'));
    await write('4.txt', '\n');
    await write('5.png', '');
    await write('phone.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1'));
    await expect(importImages(project, pictures)).rejects.toThrow(
      'expected at most 5 % broken pictures of 61, got 4, the first being 3.png: expected a caption beside it in a .txt, found none',
    );
    await rm(join(pictures, 'phone.heic'));
    const { added, quarantined } = await importImages(project, pictures);
    expect(added).toBe(57);
    expect(quarantined).toEqual([
      { file: '3.png', reason: 'expected a caption beside it in a .txt, found none' },
      { file: '4.png', reason: 'expected a prompt, got an empty cell' },
      { file: '5.png', reason: 'expected a PNG, JPEG or WebP picture, got an empty file' },
    ]);
    await write('phone.heic', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1'));
    await write('phone.txt', 'a vase');
    await write('5.png', await paint(5).png().toBuffer());
    const again = await importImages(project, pictures);
    expect(again.quarantined.at(-1)).toEqual({
      file: 'phone.heic',
      reason: 'expected a PNG, JPEG or WebP picture, got HEIC',
    });
  });

  it('says of a folder without either what is missing, and where a list lies', async () => {
    await mkdir(join(pictures, 'train'));
    await write('train/a.png', await paint(1).png().toBuffer());
    await expect(importImages(project, pictures)).rejects.toThrow(
      'expected a metadata.jsonl or metadata.csv with file_name and text of each image, or a .txt with its caption beside each, found neither',
    );
    await write('train/metadata.jsonl', '{}');
    await expect(importImages(project, pictures)).rejects.toThrow("found neither, but 'train/metadata.jsonl'");
  });

  it('scales photos of a camera, and says how many', async () => {
    await write(
      'photo.jpg',
      await paint(1, { width: 6000, height: 4000 }).withMetadata({ orientation: 8 }).jpeg().toBuffer(),
    );
    await write('photo.txt', 'a vase');
    expect(await importImages(project, pictures)).toMatchObject({
      added: 1,
      scaled: 1,
      notes: ['pictures of more than 4.2 megapixels that were scaled down: 1'],
    });
    const [record] = createImageStore(project.paths.images).all();
    expect([record!.width, record!.height]).toEqual([1672, 2508]);
  });
});

describe('lists of other systems', () => {
  it.each([
    ['backslashes', 'metadata.csv', 'file_name,text\nsub\\Caf\u00e9.png,a vase\n'],
    ['another encoding of accents', 'metadata.csv', 'file_name,text\nsub/Cafe\u0301.png,a vase\n'],
    ['another case', 'metadata.csv', 'file_name,text\nSUB/caf\u00e9.PNG,a vase\n'],
    ['semicolons', 'list.csv', 'file_name;text;\nsub/Caf\u00e9.png;a vase;\n'],
    ['tabs', 'list.tsv', 'image_path\tprompt\nsub/Caf\u00e9.png\ta vase\n'],
    ['an id beside the path', 'list.csv', 'image,file,prompt\n7,sub/Caf\u00e9.png,a vase\n'],
    ['a JSON list', 'list.json', '[{"image_path": "sub/Caf\u00e9.png", "prompt": "a vase"}]'],
    ['a JSON list of names', 'list.json', '[{"image_path": ["sub/Caf\u00e9.png"], "prompt": "a vase", "rank": [1]}]'],
    ['a pair of images', 'list.csv', 'caption,image_0,image_1,label_0\na vase,sub/Caf\u00e9.png,,1\n'],
    ['the full path', 'list.csv', 'file_name,text\nFOLDER/sub/Caf\u00e9.png,a vase\n'],
  ])('with %s', async (_, name, content) => {
    await mkdir(join(pictures, 'sub'));
    await write('sub/Caf\u00e9.png', await paint(1).png().toBuffer());
    await write(name, content.replace('FOLDER', pictures));
    expect(await importImages(project, join(pictures, name))).toMatchObject({ added: 1, quarantined: [] });
    expect(Object.values(imported())).toEqual(['a vase']);
  });

  it('take both images of a pair, and count what stands twice', async () => {
    for (const i of [1, 2]) await write(`${i}.png`, await paint(i).png().toBuffer());
    await write('copy.png', await paint(1).png().toBuffer());
    await write(
      'pairs.csv',
      'prompt,image1_path,image2_path\na vase,1.png,2.png\na dog,2.png,1.png\na dog,2.png,copy.png\n',
    );
    expect(await importImages(project, join(pictures, 'pairs.csv'))).toMatchObject({
      added: 4,
      repeated: 2,
      notes: ['images that stand in the list twice: 2'],
    });
  });

  it('of ambiguous names are refused', async () => {
    await write('A.png', await paint(1).png().toBuffer());
    await write('a.PNG', await paint(2).png().toBuffer());
    await write('metadata.csv', 'file_name,text\na.png,a vase\n');
    await expect(importImages(project, pictures)).rejects.toThrow(
      "line 2: expected a file inside the folder, found no 'a.png'",
    );
    await write('metadata.csv', 'file_name,text\nC:\\pictures\\A.png,a vase\n');
    await expect(importImages(project, pictures)).rejects.toThrow(
      "expected the name of a file inside the folder, got 'C:",
    );
    await write('metadata.csv', 'text\na vase\n');
    await expect(importImages(project, pictures)).rejects.toThrow("line 1: expected a column 'file_name', got 'text'");
  });
});
