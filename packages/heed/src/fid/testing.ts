/**
 * Provides weights, pictures and settings for the FID tests. A formula computes the weights and the pictures, so that
 * the tests need no download.
 */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@heed/diffusion';
import { formulaInception, formulaPicture } from '@heed/diffusion/testing/inception-weights';
import sharp from 'sharp';
import { parseConfig } from '../config/index.ts';
import { silentProgress } from '../progress/index.ts';
import type { FidPlace } from './run.ts';

/**
 * Returns the path of a file with InceptionV3 weights that a formula computes. The first FID test writes the file into
 * the temporary folder within seconds, and later tests use the same file.
 */
export async function formulaInceptionFile(): Promise<string> {
  const path = join(tmpdir(), 'inception.safetensors');
  // The writer is atomic: two tests at once write the same bytes.
  if (!existsSync(path)) await writeSafetensors(path, formulaInception(), { dtype: 'F32' });
  return path;
}

/** Writes `count` pictures of 48 x 48 pixels as PNG: a00.png and so on. */
export async function writePictures(folder: string, { name, count }: { name: string; count: number }): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { width, height, data } = formulaPicture(`${name}${i}`, 48, 48);
    const png = await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    await writeFile(join(folder, `${name}${String(i).padStart(2, '0')}.png`), png);
  }
}

/**
 * Returns the inputs of `heed fid` outside a project, with default settings; `notes` collects the notes that a user
 * would see.
 */
export function testPlace(options: Partial<FidPlace> & { overrides?: string[] } = {}): FidPlace & { notes: string[] } {
  const { overrides = [], ...rest } = options;
  const notes: string[] = [];
  return {
    config: parseConfig('', { source: 'test', overrides }),
    progress: silentProgress,
    note: (text) => notes.push(text),
    notes,
    ...rest,
  };
}
