/**
 * A user's own prompts. Text: one prompt a line, empty lines and lines that begin with # are passed over. CSV: a column
 * `prompt`, and if known `object`, `colour`, `count`, `background`. All rows are good, or none is taken.
 */
import { extname } from 'node:path';
import { type Attributes, BACKGROUNDS, COLOURS, COUNT_WORDS, COUNTS, OBJECTS, objectWord } from '@heed/emoji-world';
import { atPlace, badInput, InputError } from '../errors.ts';
import { type CsvRow, readCsv } from '../files/read-csv.ts';
import { faultOfLine, readTextFile } from '../files/read-text.ts';
import { didYouMean, quote } from '../text/nearest.ts';
import { objectsIn } from './known-words.ts';
import { categoryOf, type Prompt } from './prompt.ts';
import { parseTemplate } from './template.ts';

/** The longest prompt, in characters; CLIP reads 77 tokens, so this is generous. */
export const MAX_PROMPT_LENGTH = 2000;

type Column = 'prompt' | 'object' | 'colour' | 'count' | 'background';

interface NumberedPrompt {
  readonly line: number;
  readonly prompt: Prompt;
}

/** Reads a .txt or .csv file of prompts; throws a sentence that names the file and the line of the first fault. */
export async function readPromptsFile(path: string): Promise<Prompt[]> {
  const read = READERS[extname(path).toLowerCase()];
  if (!read) throw badInput(`${path}: expected a prompts file that ends in ${Object.keys(READERS).join(' or ')}`);
  const rows = await read(path);
  if (rows.length === 0) throw badInput(`${path}: expected at least one prompt, got none`);
  refuseRepeats(rows, path);
  return rows.map(({ prompt }) => prompt);
}

const READERS: Readonly<Record<string, (path: string) => Promise<NumberedPrompt[]>>> = {
  '.txt': readLines,
  '.csv': (path) =>
    readCsv<Column, NumberedPrompt>(path, {
      what: 'a file of prompts',
      columns: {
        required: ['prompt'],
        optional: ['object', 'colour', 'count', 'background'],
        aliases: { color: 'colour', text: 'prompt', caption: 'prompt' },
      },
      parseRow: ({ line, cells }) => ({ line, prompt: toPrompt(cells.prompt, readAttributes(cells)) }),
    }),
};

async function readLines(path: string): Promise<NumberedPrompt[]> {
  const text = await readTextFile(path, 'a file of prompts');
  return text.split(/\r\n|\n|\r/).flatMap((raw, index) => {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) return [];
    try {
      return [{ line: index + 1, prompt: toPrompt(content, undefined) }];
    } catch (error) {
      throw atPlace(`${path}, line ${index + 1}`, error);
    }
  });
}

/** A prompt of a user's own text; without `attributes`, a sentence of the template says itself what it asks for. */
export function toPrompt(text: string, attributes: Attributes | undefined): Prompt {
  if (text === '') throw new InputError('expected a prompt, got an empty cell');
  const fault = faultOfLine(text, { maxLength: MAX_PROMPT_LENGTH });
  if (fault !== undefined) throw new InputError(`prompt: ${fault}`);
  const asked = attributes ?? parseTemplate(text);
  if (asked) return { text, category: categoryOf(asked), seen: objectWord(asked.object).seen, attributes: asked };
  return { text, category: 'custom', seen: objectsIn(text).every((name) => objectWord(name).seen) };
}

function readAttributes(cells: CsvRow<Column>['cells']): Attributes | undefined {
  const object = oneOf(
    'object',
    cells.object,
    OBJECTS.map(({ name }) => name),
  );
  const colour = oneOf('colour', cells.colour, COLOURS);
  const background = oneOf(
    'background',
    cells.background,
    BACKGROUNDS.map(({ name }) => name),
  );
  const count = COUNTS.find(
    (known) => cells.count === String(known) || cells.count.toLowerCase() === COUNT_WORDS[known],
  );
  if (cells.count !== '' && count === undefined) {
    throw new InputError(`count must be 1 to 6, got ${quote(cells.count)}`);
  }
  if (object === undefined) {
    const given = (['colour', 'count', 'background'] as const).find((column) => cells[column] !== '');
    if (given !== undefined) throw new InputError(`expected an object beside the ${given}, got an empty cell`);
    return undefined;
  }
  return {
    object,
    ...(colour === undefined ? {} : { colour }),
    ...(count === undefined ? {} : { count }),
    ...(background === undefined ? {} : { background }),
  };
}

function oneOf<T extends string>(column: string, cell: string, known: readonly T[]): T | undefined {
  if (cell === '') return undefined;
  const found = known.find((name) => name.toLowerCase() === cell.toLowerCase());
  if (found === undefined) {
    const hint = didYouMean(cell, known) || `, expected one of ${known.join(', ')}`;
    throw new InputError(`unknown ${column} ${quote(cell)}${hint}`);
  }
  return found;
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
