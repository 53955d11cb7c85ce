// Many small pictures on one PNG, for people to look at.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RgbImage } from '@heed/diffusion';
import { encode } from 'fast-png';

/** Writes images of one size as a grid, in reading order, each pixel `scale` times enlarged. */
export async function writeContactSheet(
  path: string,
  images: readonly RgbImage[],
  { columns, scale = 2, gap = 2 }: { columns: number; scale?: number; gap?: number },
): Promise<void> {
  const first = images[0];
  if (!first) throw new Error(`a contact sheet must hold at least one image, ${path} would hold none`);
  const cell = { width: first.width * scale + gap, height: first.height * scale + gap };
  const width = columns * cell.width;
  const height = Math.ceil(images.length / columns) * cell.height;
  const data = new Uint8Array(width * height * 3).fill(255);
  images.forEach((image, n) => {
    const left = (n % columns) * cell.width;
    const top = Math.floor(n / columns) * cell.height;
    for (let y = 0; y < image.height * scale; y++) {
      for (let x = 0; x < image.width * scale; x++) {
        const from = 3 * (Math.floor(y / scale) * image.width + Math.floor(x / scale));
        data.set(image.data.subarray(from, from + 3), 3 * ((top + y) * width + left + x));
      }
    }
  });
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, encode({ width, height, data, channels: 3, depth: 8 }));
}
