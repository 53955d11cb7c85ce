// A folder of people's own pictures as pre-training data: every form that import takes, read as import reads it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitPicture, readPicture } from '../images/index.ts';
import { openPretrainingFolder } from './pretraining-folder.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-pretraining-'));
});
afterAll(() => rm(folder, { recursive: true }));

const size = { width: 16, height: 16 };
const blue = { r: 0, g: 0, b: 255 };

/** Red, wider than high, with a blue upper half. */
async function halves(): Promise<Sharp> {
  const top = await sharp({ create: { width: 48, height: 16, channels: 3, background: blue } })
    .png()
    .toBuffer();
  const whole = sharp({ create: { width: 48, height: 32, channels: 3, background: { r: 255, g: 0, b: 0 } } });
  return sharp(
    await whole
      .composite([{ input: top, left: 0, top: 0 }])
      .removeAlpha()
      .png()
      .toBuffer(),
  );
}

describe('a folder of pre-training pictures', () => {
  it('shows them upright, in the colours of their profile and scaled, as an import does', async () => {
    const path = join(folder, 'kohya');
    await mkdir(path);
    const picture = await halves();
    await writeFile(join(path, 'turned.jpg'), await picture.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer());
    await writeFile(join(path, 'wide.png'), await picture.clone().withIccProfile('p3').png().toBuffer());
    await writeFile(join(path, 'large.jpg'), await picture.clone().resize(6000, 4000).jpeg().toBuffer());
    for (const name of ['turned', 'wide', 'large']) await writeFile(join(path, `${name}.txt`), `${name}, blue above\n`);
    const data = await openPretrainingFolder(path, size);
    expect(data.samples.map(({ caption }) => caption)).toEqual([
      'large, blue above',
      'turned, blue above',
      'wide, blue above',
    ]);
    for (const [i, name] of ['large.jpg', 'turned.jpg', 'wide.png'].entries()) {
      const image = await data.read(data.samples[i]!);
      expect(image).toEqual(await fitPicture(await readPicture(join(path, name)), size));
      // A quarter turn clockwise takes what was above to the right.
      const [x, y] = name === 'turned.jpg' ? [14, 8] : [8, 1];
      const at = 3 * (y * 16 + x);
      for (const [c, value] of [0, 0, 255].entries()) expect(Math.abs(image.data[at + c]! - value)).toBeLessThan(12);
    }
  });

  it('leaves out the pairs that a list holds out, and says so', async () => {
    const path = join(folder, 'split');
    await mkdir(path);
    for (const name of ['a', 'b']) await writeFile(join(path, `${name}.png`), await (await halves()).png().toBuffer());
    await writeFile(join(path, 'metadata.csv'), 'file_name,text,split\na.png,a bear,train\nb.png,a rose,validation\n');
    const data = await openPretrainingFolder(path, size);
    expect(data.samples.map(({ caption }) => caption)).toEqual(['a bear']);
    expect(data.notes).toEqual(['pre-training pairs that their list holds out: 1']);
    await writeFile(join(path, 'metadata.csv'), 'file_name,text,split\nb.png,a rose,validation\n');
    await expect(openPretrainingFolder(path, size)).rejects.toThrow(
      'expected pairs to train on, got 1 that are held out',
    );
  });

  it('reads lists, also of semicolons, and counts pictures without a caption as broken', async () => {
    const path = join(folder, 'list');
    await mkdir(path);
    const png = await (await halves()).png().toBuffer();
    for (const name of ['a.png', 'b.png']) await writeFile(join(path, name), png);
    await writeFile(join(path, 'metadata.csv'), 'file_name;text\nA.png;one\nb.png;two\n');
    const listed = await openPretrainingFolder(path, size);
    expect(listed.samples.map(({ caption }) => caption)).toEqual(['one', 'two']);
    await rm(join(path, 'metadata.csv'));
    await writeFile(join(path, 'a.txt'), 'one\nmore');
    const captioned = await openPretrainingFolder(path, size);
    expect(captioned.notes).toEqual(['captions of several lines, of which the first was taken: 1']);
    expect(captioned.samples).toHaveLength(2);
    await expect(captioned.read(captioned.samples[1]!)).rejects.toThrow(
      'b.png: expected a caption beside it in a .txt',
    );
  });

  it('knows a file that has changed by another key', async () => {
    const path = join(folder, 'changed');
    await mkdir(path);
    await writeFile(join(path, 'a.png'), await (await halves()).png().toBuffer());
    await writeFile(join(path, 'a.txt'), 'one');
    const [first] = (await openPretrainingFolder(path, size)).samples;
    expect((await openPretrainingFolder(path, size)).samples).toEqual([first]);
    expect((await openPretrainingFolder(path, { width: 8, height: 8 })).samples[0]!.key).not.toBe(first!.key);
    await writeFile(join(path, 'a.png'), await (await halves()).resize(30, 20).png().toBuffer());
    expect((await openPretrainingFolder(path, size)).samples[0]!.key).not.toBe(first!.key);
  });
});
