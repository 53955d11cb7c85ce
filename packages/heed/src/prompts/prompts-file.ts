/**
 * A user's own prompts. Text: one prompt a line, empty lines and lines that begin with # are passed over. CSV: a column
 * `prompt`, and if known `object`, `colour`, `count`, `background`. All rows are good, or none is taken.
 */
import { extname } from 'node:path';
import { atPlace, badInput, InputError } from '../errors.ts';
import { readCsv } from '../files/read-csv.ts';
import { faultOfLine, readTextFile } from '../files/read-text.ts';
import type { Facts, World } from '../ports.ts';
import { quote } from '../text/nearest.ts';
import { factsFromCells } from './facts.ts';
import { CUSTOM_CATEGORY, type Prompt } from './prompt.ts';

/** The longest prompt, in characters; CLIP reads 77 tokens, so this is generous. */
export const MAX_PROMPT_LENGTH = 2000;

interface NumberedPrompt {
  readonly line: number;
  readonly prompt: Prompt;
}

/** Reads a .txt or .csv file of prompts; throws a sentence that names the file and the line of the first fault. */
export async function readPromptsFile(path: string, world: World): Promise<Prompt[]> {
  const read = READERS[extname(path).toLowerCase()];
  if (!read) throw badInput(`${path}: expected a prompts file that ends in ${Object.keys(READERS).join(' or ')}`);
  const rows = await read(path, world);
  if (rows.length === 0) throw badInput(`${path}: expected at least one prompt, got none`);
  refuseRepeats(rows, path);
  return rows.map(({ prompt }) => prompt);
}

const READERS: Readonly<Record<string, (path: string, world: World) => Promise<NumberedPrompt[]>>> = {
  '.txt': readLines,
  '.csv': readRows,
};

function readRows(path: string, world: World): Promise<NumberedPrompt[]> {
  const { vocabulary } = world;
  const columns = vocabulary?.columns ?? [];
  return readCsv<string, NumberedPrompt>(path, {
    what: 'a file of prompts',
    columns: {
      required: ['prompt'],
      optional: columns.map(({ name }) => name),
      aliases: {
        text: 'prompt',
        caption: 'prompt',
        ...Object.fromEntries(columns.flatMap(({ name, aliases }) => aliases.map((alias) => [alias, name]))),
      },
    },
    parseRow({ line, cells }) {
      const facts = vocabulary && factsFromCells(vocabulary, cells);
      return { line, prompt: toPrompt(cells.prompt!, { facts, world }) };
    },
  });
}

async function readLines(path: string, world: World): Promise<NumberedPrompt[]> {
  const text = await readTextFile(path, 'a file of prompts');
  return text.split(/\r\n|\n|\r/).flatMap((raw, index) => {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) return [];
    try {
      return [{ line: index + 1, prompt: toPrompt(content, { world }) }];
    } catch (error) {
      throw atPlace(`${path}, line ${index + 1}`, error);
    }
  });
}

/** A prompt of a user's own text; without `facts`, a sentence that the world knows word for word says what it asks for. */
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
