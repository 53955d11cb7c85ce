/**
 * The list that goes with imported images: metadata.jsonl or metadata.csv of a folder (Hugging Face's imagefolder), or
 * such a file under another name. Says which files there are and what was asked for; opens no picture.
 */
import { stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { atPlace, badInput, InputError } from '../errors.ts';
import { fileInside } from '../files/path-inside.ts';
import { readCsv } from '../files/read-csv.ts';
import { readJsonRows } from '../files/read-json-lines.ts';
import { faultOfLine } from '../files/read-text.ts';
import type { World } from '../ports.ts';
import type { Prompt } from '../prompts/prompt.ts';
import { toPrompt } from '../prompts/prompts-file.ts';
import { quote } from '../text/nearest.ts';

/** Names of a list inside a folder of images, in the order in which they are looked for. */
export const LIST_NAMES = ['metadata.jsonl', 'metadata.csv'] as const;
const FILE_COLUMNS = ['file_name', 'file', 'image', 'path'] as const;
const PROMPT_COLUMNS = ['text', 'prompt', 'caption'] as const;
const MAX_NAME_LENGTH = 500;

/** One image of the list. */
export interface ListedImage {
  readonly line: number;
  /** As the list writes it. */
  readonly name: string;
  /** Where it lies, links resolved. */
  readonly path: string;
  readonly prompt: Prompt;
}

export interface ImageList {
  /** The file that was read, for messages. */
  readonly path: string;
  readonly images: readonly ListedImage[];
}

/** Where the file lies that a list calls `name`; throws "expected ..., got ..." where there is none to be had. */
export type FileFinder = (name: string) => Promise<string>;

/**
 * Reads the list at `source`, a folder or a .jsonl or .csv file; the first bad line throws. Files are looked for inside
 * the list's folder unless `find` knows better.
 */
export async function readImageList(
  source: string,
  options: { world: World; find?: FileFinder | undefined },
): Promise<ImageList> {
  const path = await findList(source);
  const { world, find = (name) => fileInside(dirname(path), name) } = options;
  const read = READERS[extname(path).toLowerCase()];
  if (!read) throw badInput(`${path}: expected a list of images that ends in ${Object.keys(READERS).join(' or ')}`);
  const rows = await read(path, world);
  if (rows.length === 0) throw badInput(`${path}: expected at least one image, got none`);
  const images: ListedImage[] = [];
  for (const { line, name, prompt } of rows) {
    try {
      images.push({ line, name, prompt, path: await find(name) });
    } catch (error) {
      throw atPlace(`${path}, line ${line}`, error);
    }
  }
  return { path, images };
}

async function findList(source: string): Promise<string> {
  const found = await stat(source).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw badInput(`${source}: expected a folder of images or a list of them, found nothing`);
    }
    throw error;
  });
  if (!found.isDirectory()) return source;
  for (const name of LIST_NAMES) {
    const path = join(source, name);
    if (await stat(path).catch(() => undefined)) return path;
  }
  throw badInput(
    `${source}: expected a ${LIST_NAMES.join(' or ')} with file_name and text of each image, found neither`,
  );
}

type Row = Omit<ListedImage, 'path'>;

const READERS: Readonly<Record<string, (path: string, world: World) => Promise<Row[]>>> = {
  '.jsonl': (path, world) =>
    readJsonRows(path, {
      what: 'a list of images',
      parseRow: ({ line, value }) =>
        toRow({
          line,
          name: pick(value, FILE_COLUMNS, 'a file name'),
          text: pick(value, PROMPT_COLUMNS, 'a prompt'),
          world,
        }),
    }),
  '.csv': (path, world) =>
    readCsv<'file_name' | 'text', Row>(path, {
      what: 'a list of images',
      columns: {
        required: ['file_name', 'text'],
        optional: [],
        aliases: { file: 'file_name', image: 'file_name', path: 'file_name', prompt: 'text', caption: 'text' },
        allowOthers: true,
      },
      parseRow: ({ line, cells }) => toRow({ line, name: cells.file_name, text: cells.text, world }),
    }),
};

function toRow({ line, name, text, world }: { line: number; name: string; text: string; world: World }): Row {
  const fault = faultOfLine(name, { maxLength: MAX_NAME_LENGTH });
  if (fault !== undefined) throw new InputError(`file name: ${fault}`);
  return { line, name, prompt: toPrompt(text.trim(), { world }) };
}

function pick(value: Readonly<Record<string, unknown>>, names: readonly string[], what: string): string {
  const name = names.find((each) => Object.hasOwn(value, each));
  if (name === undefined) throw new InputError(`expected ${what} under ${names.join(' or ')}, got neither`);
  const found = value[name];
  if (typeof found !== 'string')
    throw new InputError(`expected ${what} as a text under ${quote(name)}, got another value`);
  return found;
}
