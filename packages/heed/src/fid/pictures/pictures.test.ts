/** Pictures read as Pillow reads them, and files that are none. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '@heed/diffusion/autodiff';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeedError, InputError } from '../../errors.ts';
import { decodeAsPillow, readAsPillow } from './decode-as-pillow.ts';
import pillow from './golden/pillow.json' with { type: 'json' };
import { listPictures } from './picture-folder.ts';

const golden = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-pictures-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a picture', () => {
  // tools/reference/make_pictures.py
  it.each(Object.entries(pillow))('%s has the bytes that Pillow reads', async (name, { size, sha256 }) => {
    const { width, height, data } = await readAsPillow(golden(name));
    expect([width, height]).toEqual(size);
    expect(createHash('sha256').update(data).digest('hex')).toBe(sha256);
  });

  it('of 16-bit grey is refused, because Pillow makes it white', async () => {
    const raw = { width: 9, height: 9, channels: 1 } as const;
    const png = await sharp(new Uint16Array(81).fill(700), { raw }).toColourspace('grey16').png().toBuffer();
    await expect(decodeAsPillow(png)).rejects.toThrow('expected at most 8 bits a pixel in a grey picture, got 16');
    await expect(decodeAsPillow(Buffer.from('P5 2 1 1000\n\0\0\0\0'))).rejects.toThrow(
      'expected grey of at most 8 bits',
    );
  });

  it.each([
    ['a text', Buffer.from('hello there'), /unsupported image format/],
    ['an empty file', Buffer.alloc(0), /expected a picture, got an empty file$/],
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), /got svg$/],
    ['a BMP header alone', Buffer.from('BM'), /expected a BMP picture with an info header/],
    [
      'a netpbm header alone',
      Buffer.from('P6 9999 9999 255\n'),
      /expected a whole picture of 299940020 bytes, got 17$/,
    ],
    ['a netpbm of words', Buffer.from('P3 two 2 255'), /expected a width in the netpbm picture/],
    [
      'a netpbm text that promises too much',
      Buffer.from('P3 9000 9000 255 1 2 3'),
      /expected 243000000 values, got fewer/,
    ],
    ['a netpbm without pixels', Buffer.from('P6 0 5 255\n'), /expected 1 to \d+ pixels, got 0 x 5/],
    [
      'a netpbm of a billion pixels',
      Buffer.from('P6 99999 99999 255\n'),
      /expected 1 to \d+ pixels, got 99999 x 99999/,
    ],
  ])('that is %s is refused in one sentence', async (_, bytes, sentence) => {
    const path = join(folder, 'bad.png');
    await writeFile(path, bytes);
    const error = await readAsPillow(path).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HeedError);
    expect((error as HeedError).message).toMatch(sentence);
    expect((error as HeedError).message.startsWith(`${path}: `)).toBe(true);
    expect((error as HeedError).message).not.toContain('\n');
  });

  it('that is cut off is refused, whatever its format', async () => {
    for (const name of Object.keys(pillow)) {
      const whole = await readFile(golden(name));
      if (/palette\.tif|\.tiff?$/.test(name)) continue; // A TIFF may end with what no picture needs.
      await expect(decodeAsPillow(whole.subarray(0, whole.length / 2)), name).rejects.toBeInstanceOf(InputError);
    }
  });

  it('with bytes changed gives pixels or one sentence', async () => {
    const random = createRandom(5);
    for (const name of [
      'rgb.bmp',
      '4-bits.bmp',
      '565.bmp',
      'palette.bmp',
      'rgb.ppm',
      'text.ppm',
      'bits.ppm',
      '420.jpeg',
      'rgb.png',
    ]) {
      const whole = await readFile(golden(name));
      for (let round = 0; round < 60; round++) {
        const bytes = Buffer.from(whole);
        for (let change = 0; change < 3; change++)
          bytes[random.integer(Math.min(80, bytes.length))] = random.integer(256);
        const result = await decodeAsPillow(bytes).catch((reason: unknown) => reason);
        if (result instanceof Error) expect(result, result.stack).toBeInstanceOf(InputError);
      }
    }
  });
});

describe('a folder of pictures', () => {
  it('gives what pytorch-fid takes: by ending, not deeper, sorted, hidden ones, too', async () => {
    const place = join(folder, 'some');
    await mkdir(join(place, 'deeper.png'), { recursive: true });
    for (const name of ['b.png', 'a.jpg', '.c.webp', 'd.PNG', 'e.gif', 'png', 'f.txt', 'B.tiff', 'deeper.png/x.png']) {
      await writeFile(join(place, name), '');
    }
    const { files, capitalised } = await listPictures(place);
    expect(files.map((file) => basename(file))).toEqual(['.c.webp', 'B.tiff', 'a.jpg', 'b.png']);
    expect(capitalised).toBe(1);
  });

  it.each([
    ['nothing', 'none', [], /expected a folder of pictures, got nothing there$/],
    ['an empty folder', 'empty', [''], /got an empty folder$/],
    ['other files', 'others', ['x.txt'], /got 1 other files$/],
    [
      'endings in capital letters',
      'capital',
      ['X.JPG'],
      /got 1 with an ending in capital letters, which pytorch-fid leaves out, too$/,
    ],
  ])('that is %s is refused in one sentence', async (_, name, files, sentence) => {
    const place = join(folder, name);
    if (files.length > 0) await mkdir(place);
    for (const file of files) if (file !== '') await writeFile(join(place, file), '');
    await expect(listPictures(place)).rejects.toThrow(sentence);
  });
});
