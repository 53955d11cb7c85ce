/**
 * Reads lists of pictures with prompts, and opens no picture. A list is metadata.jsonl or metadata.csv in a folder
 * (Hugging Face's imagefolder), or the same under another name. Without a list, a caption file beside each picture
 * gives the prompt.
 */
import { stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { atPlace, badInput, InputError } from '../errors.ts';
import { createFileFinder, type FileFinder } from '../files/file-finder.ts';
import { readCsv } from '../files/read-csv.ts';
import { type JsonRow, readJsonRows } from '../files/read-json-lines.ts';
import { faultOfLine } from '../files/read-text.ts';
import { HOLDOUT_COLUMNS, readHoldout } from '../prompts/holdout.ts';
import { quote } from '../text/nearest.ts';
import { hasCaptions, listFiles, type NamedFile, readCaptions } from './captions.ts';

/** File names of a list inside a folder of images, in order of preference. */
export const LIST_NAMES = ['metadata.jsonl', 'metadata.csv'] as const;
/**
 * Names of the column with the picture's file, in order of preference, as in lists by Hugging Face, HPD and web
 * scrapers.
 */
const FILE_COLUMNS = 'file_name file filename image_path img_path image_file path filepath image img'.split(' ');
const PROMPT_COLUMNS = 'text prompt caption'.split(' ');
/** Column names in lists of pairs: image_0 and image_1, image1_path and image2_path, img_a and img_b. */
const PAIR_COLUMNS = ['0', '1', '2', 'a', 'b'].map((side) =>
  ['image', 'img', 'file'].flatMap((noun) =>
    [`${noun}_${side}`, `${noun}${side}`].flatMap((name) => [
      name,
      `${name}_path`,
      `${name}_file`,
      `${noun}_path_${side}`,
      `${noun}_file_${side}`,
    ]),
  ),
);
const MAX_NAME_LENGTH = 500;

/** One image of the list. */
export interface ListedImage<T> {
  /** Line number in the list; undefined for a picture with a caption file. */
  readonly line?: number | undefined;
  /** Name in the list. */
  readonly name: string;
  /** Path with links resolved. */
  readonly path: string;
  readonly prompt: T;
  /**
   * Whether the prompt is held out, by the column holdout or split; undefined when both columns are missing or empty.
   */
  readonly holdout?: boolean | undefined;
}

/** A picture that is not imported, and the reason. */
export interface LeftOut {
  readonly file: string;
  readonly line?: number | undefined;
  readonly reason: string;
}

export interface ImageList<T> {
  /** The file or folder that was read, for messages. */
  readonly path: string;
  readonly images: readonly ListedImage<T>[];
  /** Pictures that have no prompt. */
  readonly leftOut: readonly LeftOut[];
  /** Notes for the owner, in sentences without a full stop. */
  readonly notes: readonly string[];
}

export interface ReadListOptions<T> {
  /** Parses a prompt. For a text that is no prompt, throws an `InputError` whose message does not name the file. */
  readonly parsePrompt: (text: string) => T;
}

/** The path of a folder or of a list, or uploaded files with names. */
export type ImageListSource = string | readonly NamedFile[];

/**
 * Reads the list that `source` is or contains (.jsonl, .json, .csv or .tsv), or the caption files in `source`. Throws
 * at the first bad line.
 */
export async function readImageList<T>(source: ImageListSource, options: ReadListOptions<T>): Promise<ImageList<T>> {
  const { parsePrompt } = options;
  const path = typeof source === 'string' ? await findList(source) : findListAmong(source);
  if (path === undefined) return readCaptioned(source, options);
  const find = typeof source === 'string' ? createFileFinder(dirname(path)) : createNamedFinder(source);
  const suffix = extname(path).toLowerCase();
  const read = Object.hasOwn(READERS, suffix) ? READERS[suffix] : undefined;
  if (!read) throw badInput(`${path}: expected a list of images that ends in ${Object.keys(READERS).join(' or ')}`);
  const rows = (await read(path)).flat();
  if (rows.length === 0) throw badInput(`${path}: expected at least one image, got none`);
  const images: ListedImage<T>[] = [];
  for (const { line, name, text, holdout } of rows) {
    try {
      images.push({ line, name, prompt: parsePrompt(text), path: await find(name), holdout });
    } catch (error) {
      throw atPlace(`${path}, line ${line}`, error);
    }
  }
  return { path, images, leftOut: [], notes: [] };
}

/** Finds the list that `source` is or contains; undefined for a folder without a list. */
async function findList(source: string): Promise<string | undefined> {
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
  return undefined;
}

function findListAmong(files: readonly NamedFile[]): string | undefined {
  const known = LIST_NAMES.map((name) => files.find((file) => plainName(file.name) === name)).find(Boolean);
  if (known) return known.path;
  const lists = files.filter(({ path }) => Object.hasOwn(READERS, extname(path).toLowerCase()));
  if (lists.length <= 1) return lists[0]?.path;
  throw badInput(`expected one list of the pictures among the files, got ${lists.length}`);
}

/** Finds uploaded files by name. */
function createNamedFinder(files: readonly NamedFile[]): FileFinder {
  const pathOf = new Map(files.map(({ name, path }) => [plainName(name), path]));
  return async (name) => {
    const path = pathOf.get(plainName(name)) ?? pathOf.get(plainName(name.replaceAll('\\', '/')));
    if (path === undefined) {
      throw new InputError(`expected a file that was chosen along with the list, got ${quote(name)}`);
    }
    return path;
  };
}

function plainName(name: string): string {
  return name.replace(/^\.\//, '').normalize('NFC');
}

async function readCaptioned<T>(source: ImageListSource, { parsePrompt }: ReadListOptions<T>): Promise<ImageList<T>> {
  const isFolder = typeof source === 'string';
  const folder = isFolder ? source : 'the files';
  const files = isFolder ? await listFiles(source) : source;
  if (hasCaptions(files)) {
    const find = isFolder ? createFileFinder(source) : createNamedFinder(source);
    return readCaptions(files, { path: folder, parsePrompt, find });
  }
  const inside = files.find(({ name }) => LIST_NAMES.some((list) => name.endsWith(`/${list}`)));
  const hint = inside === undefined ? 'found neither' : `found neither, but ${quote(inside.name)}: name its folder`;
  throw badInput(
    `${folder}: expected a ${LIST_NAMES.join(' or ')} with file_name and text of each image, or a .txt with its caption beside each, ${hint}`,
  );
}

interface Row {
  readonly line: number;
  readonly name: string;
  readonly text: string;
  readonly holdout: boolean | undefined;
}

const aliasesOf = (column: string, names: readonly string[]) => Object.fromEntries(names.map((name) => [name, column]));

type Column = 'file_name' | 'text' | (typeof HOLDOUT_COLUMNS)[number] | `side${number}`;
const SIDES = PAIR_COLUMNS.map((_, i) => `side${i}` as const);
const ALIASES = Object.assign(
  aliasesOf('file_name', FILE_COLUMNS),
  aliasesOf('text', PROMPT_COLUMNS),
  ...PAIR_COLUMNS.map((names, i) => aliasesOf(SIDES[i]!, names)),
) as Record<string, Column>;

const readTable = (path: string) =>
  readCsv<Column, Row[]>(path, {
    what: 'a list of images',
    columns: {
      required: ['text'],
      optional: ['file_name', ...HOLDOUT_COLUMNS, ...SIDES],
      oneOf: ['file_name', ...SIDES],
      aliases: ALIASES,
      allowOthers: true,
    },
    parseRow({ line, cells }) {
      const names = [cells.file_name, ...SIDES.map((side) => cells[side] ?? '')].filter((name) => name !== '');
      if (names.length === 0) throw new InputError('expected a file name, got an empty cell');
      const holdout = readHoldout({ holdout: cells.holdout ?? '', split: cells.split ?? '' });
      return names.map((name) => toRow(line, name, { text: cells.text, holdout }));
    },
  });

const readJson = (path: string) => readJsonRows(path, { what: 'a list of images', parseRow: toRows });

const READERS: Readonly<Record<string, (path: string) => Promise<Row[][]>>> = {
  '.jsonl': readJson,
  '.json': readJson,
  '.csv': readTable,
  '.tsv': readTable,
};

/**
 * Converts a JSON object to rows: one row for a single image, or one row for each image when the object has a list of
 * images.
 */
function toRows({ line, value }: JsonRow): Row[] {
  const text = pick(value, PROMPT_COLUMNS, 'a prompt');
  if (typeof text.found !== 'string') {
    throw new InputError(`expected a prompt as a text under ${quote(text.name)}, got another value`);
  }
  const files = pick(value, FILE_COLUMNS, 'a file name');
  const cellOf = (column: string) => holdoutCell(value, column);
  const holdout = readHoldout({ holdout: cellOf('holdout'), split: cellOf('split') });
  const names = Array.isArray(files.found) ? (files.found as unknown[]) : [files.found];
  return names.map((name) => {
    if (typeof name !== 'string') {
      throw new InputError(`expected a file name as a text under ${quote(files.name)}, got another value`);
    }
    return toRow(line, name, { text: text.found as string, holdout });
  });
}

/** Converts the value of `holdout` or `split` to the text that a table cell would have. */
function holdoutCell(value: JsonRow['value'], column: string): string {
  const cell = value[column];
  if (cell === undefined || cell === null) return '';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'boolean' || cell === 0 || cell === 1) return String(cell);
  throw new InputError(`expected a word under ${quote(column)}, got another value`);
}

function toRow(line: number, name: string, { text, holdout }: Pick<Row, 'text' | 'holdout'>): Row {
  const fault = faultOfLine(name, { maxLength: MAX_NAME_LENGTH });
  if (fault !== undefined) throw new InputError(`file name: ${fault}`);
  return { line, name, text: text.trim(), holdout };
}

function pick(value: JsonRow['value'], names: readonly string[], what: string): { name: string; found: unknown } {
  const name = names.find((each) => Object.hasOwn(value, each));
  if (name === undefined) throw new InputError(`expected ${what} under ${names.join(' or ')}, got neither`);
  return { name, found: value[name] };
}
