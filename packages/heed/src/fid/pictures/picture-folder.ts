/** Lists the pictures of a folder as pytorch-fid does: by file extension, without subfolders, sorted by name. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { badInput } from '../../errors.ts';

/**
 * Extensions of picture files, pytorch-fid's IMAGE_EXTENSIONS. Files whose extension has capital letters are ignored,
 * as in pytorch-fid.
 */
const ENDINGS: ReadonlySet<string> = new Set(['bmp', 'jpg', 'jpeg', 'pgm', 'png', 'ppm', 'tif', 'tiff', 'webp']);

export interface PictureFolder {
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Number of files ignored because of capital letters in their extensions. */
  readonly capitalised: number;
}

/** Lists the folder. Throws when the folder is missing or holds no picture. */
export async function listPictures(folder: string): Promise<PictureFolder> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException): Dirent[] => {
    const got = { ENOENT: 'nothing there', ENOTDIR: 'a file' }[error.code ?? ''];
    if (got === undefined) throw error;
    throw badInput(`${folder}: expected a folder of pictures, got ${got}`);
  });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const endingOf = (name: string) => /\.([^.]*)$/.exec(name)?.[1] ?? '';
  const files = names.filter((name) => ENDINGS.has(endingOf(name)));
  const capitalised = names.filter((name) => ENDINGS.has(endingOf(name).toLowerCase())).length - files.length;
  if (files.length === 0) {
    throw badInput(
      `${folder}: expected pictures (${[...ENDINGS].join(', ')}), got ${describeOthers(names.length, capitalised)}`,
    );
  }
  return { files: files.sort().map((name) => join(folder, name)), capitalised };
}

function describeOthers(others: number, capitalised: number): string {
  if (others === 0) return 'an empty folder';
  return capitalised === 0
    ? `${others} other files`
    : `${capitalised} with an ending in capital letters, which pytorch-fid leaves out, too`;
}
