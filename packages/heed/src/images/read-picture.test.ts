// Files that are no picture, or far too much of one: each is refused before its pixels are unpacked.
import { spawnSync } from 'node:child_process';
import { deflateSync } from 'node:zlib';
import { crc32 } from '@node-rs/crc32';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { fitPicture } from './fit-picture.ts';
import { encodePng } from './png.ts';
import { decodePicture } from './read-picture.ts';

/** A PNG of one grey level whose rows are compressed to next to nothing. */
function flatPng(width: number, height: number, rows = height): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([1, 0], 8);
  const pixels = Buffer.alloc(rows * (1 + Math.ceil(width / 8)));
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const svg = (side: number) =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><script>alert(1)</script></svg>`,
  );

describe('decodePicture', () => {
  it('refuses bombs by what their headers say', async () => {
    const bombs: [name: string, bytes: Buffer, sentence: RegExp][] = [
      [
        '100000 x 100000 PNG of a few bytes',
        flatPng(100_000, 100_000, 1),
        /at most 210000000 pixels, got 100000 x 100000/,
      ],
      ['15000 x 15000 PNG', flatPng(15_000, 15_000), /at most 210000000 pixels, got 15000 x 15000/],
      ['SVG', svg(100_000), /got SVG or other markup/],
      ['GIF of 10000 frames', Buffer.concat([Buffer.from('GIF89a'), Buffer.alloc(10_000)]), /got GIF/],
      ['zip', Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(100)]), /got a zip archive/],
      ['TIFF', await sharp(flatPng(16, 16)).tiff().toBuffer(), /got TIFF/],
      ['AVIF', await sharp(flatPng(16, 16)).avif({ effort: 0 }).toBuffer(), /got AVIF/],
      ['HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), /got HEIC/],
      ['BMP', Buffer.from('BM\x36\0\0\0', 'latin1'), /got BMP/],
      ['PDF', Buffer.from('%PDF-1.7'), /got PDF/],
      ['JPEG XL', Buffer.from('\xff\x0a\xfa', 'latin1'), /got JPEG XL/],
      ['video', Buffer.from('\0\0\0\x18ftypmp42', 'latin1'), /got video/],
      ['LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid'), /got a pointer of Git LFS/],
      ['pickle', Buffer.from('\x80\x02}q\x00.', 'latin1'), /got other bytes/],
      ['151 MB', Buffer.alloc(151_000_000), /expected at most 150000000 bytes, got 151000000/],
      ['1 x 1', flatPng(1, 1), /expected at least 8 x 8 pixels, got 1 x 1/],
      ['rows missing', flatPng(400, 400, 100), /expected a whole picture/],
      [
        'PNG in name alone',
        Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), svg(10)]),
        /expected a whole picture/,
      ],
      ['WebP in name alone', Buffer.from('RIFF\x10\0\0\0WEBPVP8 <svg/>'), /expected a whole picture/],
    ];
    for (const [name, bytes, sentence] of bombs) {
      const started = process.cpuUsage();
      const outcome = await decodePicture(bytes).catch((error: Error) => error);
      const { user, system } = process.cpuUsage(started);
      expect([name, outcome instanceof Error && outcome.message]).toEqual([name, expect.stringMatching(sentence)]);
      expect([name, (user + system) / 1000 < 2000]).toEqual([name, true]);
    }
    expect(await decodePicture(flatPng(2048, 2048))).not.toHaveProperty('scaledFrom');
  });

  it('takes over nothing but pixels', async () => {
    const image = { width: 9, height: 8, data: new Uint8Array(216).fill(77) };
    expect(await decodePicture(Buffer.from(encodePng(image, { parameters: 'prompt <b>\nSteps: 1' })))).toEqual(image);
    const fitted = await fitPicture(image, { width: 4, height: 4 });
    expect(fitted).toEqual({ width: 4, height: 4, data: new Uint8Array(48).fill(77) });
    expect(await fitPicture(image, { width: 9, height: 8 })).toBe(image);
  });

  it('comes with a switch that turns all other decoders off', () => {
    // In a separate process: it cannot be undone.
    const script = `
      import sharp from 'sharp';
      import { blockOtherDecoders } from '${new URL('./read-picture.ts', import.meta.url)}';
      const make = (format) => sharp({ create: { width: 9, height: 9, channels: 3, background: 'red' } }).toFormat(format).toBuffer();
      const files = { svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>') };
      for (const format of ['png', 'jpeg', 'webp', 'gif', 'tiff']) files[format] = await make(format);
      blockOtherDecoders();
      const read = (bytes) => sharp(bytes).raw().toBuffer().then(() => true, () => false);
      for (const [format, bytes] of Object.entries(files)) console.log(format, await read(bytes));`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    expect(stdout.trim().split('\n')).toEqual([
      'svg false',
      'png true',
      'jpeg true',
      'webp true',
      'gif false',
      'tiff false',
    ]);
  });
});
