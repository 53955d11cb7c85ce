/**
 * Reads pictures with a caption file beside each picture, as for kohya's trainers: photo.png and photo.txt (or
 * photo.caption, or photo.png.txt). The module lists the pictures and their captions but opens no picture.
 */
import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { isBadInput } from '../errors.ts';
import { readTextFile } from '../files/read-text.ts';
import type { ImageList, LeftOut, ListedImage } from './image-list.ts';

const CAPTION_SUFFIXES = ['.txt', '.caption'] as const;
/** Extensions of pictures, including unsupported ones, which are reported rather than ignored. */
const PICTURE_SUFFIXES = new Set(
  '.png .jpg .jpeg .jpe .jfif .webp .heic .heif .avif .gif .bmp .tif .tiff .jxl .jp2'.split(' '),
);

/** A file and the name by which people know the file, such as the name before an upload. */
export interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/** All files in `folder` and its subfolders, by name. Hidden files and links to folders are ignored. */
export async function listFiles(folder: string): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  const walk = async (inside: string) => {
    const entries = await readdir(join(folder, inside), { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || entry.name === '__MACOSX') continue;
      const name = inside === '' ? entry.name : `${inside}/${entry.name}`;
      if (entry.isDirectory()) await walk(name);
      else files.push({ name, path: join(folder, name) });
    }
  };
  await walk('');
  return files;
}

/** Whether any of the files is a caption of a picture among the files. */
export function hasCaptions(files: readonly NamedFile[]): boolean {
  const captions = captionsOf(files);
  return picturesOf(files).some((picture) => captions(picture.name) !== undefined);
}

/** Reads every picture's caption. A picture without a caption is listed in `leftOut`, with the reason. */
export async function readCaptions<T>(
  files: readonly NamedFile[],
  {
    path,
    parsePrompt,
    find,
  }: { path: string; parsePrompt: (text: string) => T; find: (name: string) => Promise<string> },
): Promise<ImageList<T>> {
  const captionOf = captionsOf(files);
  const images: ListedImage<T>[] = [];
  const leftOut: LeftOut[] = [];
  let cut = 0;
  for (const { name } of picturesOf(files)) {
    const caption = captionOf(name);
    if (caption === undefined) {
      leftOut.push({ file: name, reason: 'expected a caption beside it in a .txt, found none' });
      continue;
    }
    try {
      const text = await readTextFile(caption.path, 'a caption');
      const [first = '', ...others] = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
      const prompt = parsePrompt(first.trim());
      images.push({ name, path: await find(name), prompt });
      if (others.length > 0) cut += 1;
    } catch (error) {
      if (!isBadInput(error)) throw error;
      // A studio's owner knows a file by its name, not by where it lies on the server.
      leftOut.push({ file: name, reason: error.message.replaceAll(caption.path, caption.name) });
    }
  }
  const notes = cut === 0 ? [] : [`captions of several lines, of which the first was taken: ${cut}`];
  return { path, images, leftOut, notes };
}

function picturesOf(files: readonly NamedFile[]): NamedFile[] {
  return files.filter(({ name }) => PICTURE_SUFFIXES.has(extname(name).toLowerCase()));
}

/**
 * Returns a function that finds a picture's caption file by the picture's name; `.txt` takes precedence over
 * `.caption`.
 */
function captionsOf(files: readonly NamedFile[]): (picture: string) => NamedFile | undefined {
  const byName = new Map(files.map((file) => [plain(file.name), file]));
  return (picture) => {
    const stems = [picture.slice(0, -extname(picture).length), picture];
    const names = CAPTION_SUFFIXES.flatMap((suffix) => stems.map((stem) => plain(`${stem}${suffix}`)));
    return names.map((name) => byName.get(name)).find((file) => file !== undefined);
  };
}

/** Normalises a name: tools differ in Unicode normalisation, and in .txt or .TXT. */
function plain(name: string): string {
  return name.normalize('NFC').toLowerCase();
}
