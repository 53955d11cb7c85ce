/**
 * Reads a user's file of prompts, with one prompt per line (.txt), per row (.csv) or per JSON object (.jsonl). In .txt
 * files, empty lines and lines that begin with # are ignored. Each row and each object has a `prompt`. Optional columns
 * or keys are `holdout` or `split`, `category`, and the columns that the project's world defines. If one prompt is
 * invalid, the whole file is refused.
 */
import { extname } from 'node:path';
import { atPlace, badInput, InputError } from '../errors.ts';
import { readCsv } from '../files/read-csv.ts';
import { readJsonRows } from '../files/read-json-lines.ts';
import { faultOfLine, readTextFile } from '../files/read-text.ts';
import type { Facts, ListedPrompt, World } from '../ports.ts';
import { didYouMean, nearest, quote } from '../text/nearest.ts';
import { factsFromCells } from './facts.ts';
import { HOLDOUT_COLUMNS, readHoldout } from './holdout.ts';
import { CUSTOM_CATEGORY, type Prompt } from './prompt.ts';

/**
 * The greatest allowed length of a prompt, in characters. CLIP reads only 77 tokens, which is far less than this limit.
 */
export const MAX_PROMPT_LENGTH = 2000;

/** The greatest allowed length of a category's name, in characters. */
const MAX_CATEGORY_LENGTH = 60;
const PROMPT_ALIASES: Readonly<Record<string, string>> = { text: 'prompt', caption: 'prompt', prompts: 'prompt' };

interface NumberedPrompt {
  readonly line: number;
  readonly prompt: ListedPrompt;
}

/** Reads a .txt, .csv or .jsonl file of prompts. The error names the file and the first bad line. */
export async function readPromptsFile(path: string, world: World): Promise<ListedPrompt[]> {
  const read = READERS[extname(path).toLowerCase()];
  if (!read) throw badInput(`${path}: expected a prompts file that ends in .txt, .csv or .jsonl`);
  const rows = await read(path, world);
  if (rows.length === 0) throw badInput(`${path}: expected at least one prompt, got none`);
  refuseRepeats(rows, path);
  return rows.map(({ prompt }) => prompt);
}

const READERS: Readonly<Record<string, (path: string, world: World) => Promise<NumberedPrompt[]>>> = {
  '.txt': readLines,
  '.csv': readRows,
  '.jsonl': readObjects,
};

async function readLines(path: string, world: World): Promise<NumberedPrompt[]> {
  const text = await readTextFile(path, 'a file of prompts');
  return text.split(/\r\n|\n|\r/).flatMap((raw, index) => {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) return [];
    try {
      return [{ line: index + 1, prompt: promptOf({ prompt: content }, world) }];
    } catch (error) {
      throw atPlace(`${path}, line ${index + 1}`, error);
    }
  });
}

function readRows(path: string, world: World): Promise<NumberedPrompt[]> {
  const { names, aliases } = columnsOf(world);
  return readCsv<string, NumberedPrompt>(path, {
    what: 'a file of prompts',
    columns: {
      required: ['prompt'],
      optional: names.slice(1),
      aliases,
      // Other programs' lists may have unknown columns. A name that looks like a misspelt heed column is refused.
      allowOthers: world.vocabulary === undefined ? 'unless similar' : false,
    },
    parseRow: ({ line, cells }) => ({ line, prompt: promptOf(cells, world) }),
  });
}

function readObjects(path: string, world: World): Promise<NumberedPrompt[]> {
  const { names, aliases } = columnsOf(world);
  return readJsonRows(path, {
    what: 'a file of prompts',
    parseRow({ line, value }) {
      const cells: Record<string, string> = {};
      const nameOf = (key: string) =>
        names.includes(key.toLowerCase()) ? key.toLowerCase() : aliases[key.toLowerCase()];
      // Another kind of file may be private, so the error quotes none of it.
      if (!Object.keys(value).some((key) => nameOf(key) !== undefined || nearest(key, names) !== undefined)) {
        throw new InputError(`expected some of the keys ${names.join(', ')}, got others`);
      }
      for (const [key, cell] of Object.entries(value)) {
        const name = nameOf(key);
        if (name === undefined) refuseSlip(key, { names, isStrict: world.vocabulary !== undefined });
        else if (cells[name] !== undefined) throw new InputError(`expected ${quote(name)} once, got it twice`);
        else cells[name] = textOf(key, cell);
      }
      if (cells.prompt === undefined) throw new InputError("expected a prompt under 'prompt', got none");
      return { line, prompt: promptOf(cells, world) };
    },
  });
}

/** The column names of a prompts file, with `prompt` first, and the aliases of these names. */
function columnsOf({ vocabulary }: World): { names: string[]; aliases: Record<string, string> } {
  const columns = vocabulary?.columns ?? [];
  return {
    names: ['prompt', ...HOLDOUT_COLUMNS, 'category', ...columns.map(({ name }) => name)],
    aliases: {
      ...PROMPT_ALIASES,
      ...Object.fromEntries(columns.flatMap(({ name, aliases }) => aliases.map((alias) => [alias, name]))),
    },
  };
}

function refuseSlip(key: string, { names, isStrict }: { names: readonly string[]; isStrict: boolean }): void {
  if (!isStrict && nearest(key, names) === undefined) return;
  throw new InputError(
    `unknown key ${quote(key)}${didYouMean(key, names) || `, expected some of ${names.join(', ')}`}`,
  );
}

function textOf(key: string, value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new InputError(`expected a text under ${quote(key)}, got another value`);
}

/** Makes a prompt from a row's cells, keyed by column. The cell of a column that the file lacks is absent or empty. */
function promptOf(cells: Readonly<Record<string, string>>, world: World): ListedPrompt {
  const { holdout: _, ...prompt } = toPrompt(cells.prompt!, {
    facts: world.vocabulary && factsFromCells(world.vocabulary, cells),
    world,
  });
  const holdout = readHoldout({ holdout: cells.holdout ?? '', split: cells.split ?? '' });
  const category = categoryFrom(cells.category ?? '') ?? prompt.category;
  return { ...prompt, category, ...(holdout === undefined ? {} : { holdout }) };
}

function categoryFrom(cell: string): string | undefined {
  if (cell === '') return undefined;
  const fault = faultOfLine(cell, { maxLength: MAX_CATEGORY_LENGTH });
  if (fault !== undefined) throw new InputError(`category: ${fault}`);
  return cell;
}

/**
 * Makes a prompt from a user's text. Without `facts`, the facts come from the project's world if `text` is exactly one
 * of that world's sentences.
 */
export function toPrompt(text: string, { facts, world }: { facts?: Facts | undefined; world: World }): Prompt {
  if (text === '') throw new InputError('expected a prompt, got an empty cell');
  const fault = faultOfLine(text, { maxLength: MAX_PROMPT_LENGTH });
  if (fault !== undefined) throw new InputError(`prompt: ${fault}`);
  const asked = facts ?? world.vocabulary?.read(text);
  const category = (asked && world.vocabulary?.categoryOf(asked)) ?? CUSTOM_CATEGORY;
  return { text, category, holdout: false, ...(asked === undefined ? {} : { facts: asked }) };
}

function refuseRepeats(rows: readonly NumberedPrompt[], path: string): void {
  const lineOfText = new Map<string, number>();
  for (const { line, prompt } of rows) {
    const earlier = lineOfText.get(prompt.text);
    if (earlier !== undefined) {
      throw badInput(
        `${path}, line ${line}: expected every prompt once, got ${quote(prompt.text)} again (line ${earlier})`,
      );
    }
    lineOfText.set(prompt.text, line);
  }
}
