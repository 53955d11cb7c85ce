// A user's own prompts: good files in full, broken ones refused whole with the line of the first fault.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { guardCell } from '../files/spreadsheet-cells.ts';
import { worldOf } from '../parts.ts';
import { readPromptsFile as read } from './prompts-file.ts';

const world = await worldOf({ world: 'emoji', model: { path: '', clip: '', ema: false, size: 0, name: '' } });
const readPromptsFile = (path: string) => read(path, world);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-prompts-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('good prompts files', () => {
  it('of text: comments, empty lines, any line ends, a byte order mark', async () => {
    const path = await write(
      'a.txt',
      '\ufeff# mine\r\nTwo dogs.\r\n\r\n  A quiet evening  \nthree wolves in San Francisco\n',
    );
    expect(await readPromptsFile(path)).toEqual([
      { text: 'Two dogs.', category: 'count', facts: { object: 'dog', count: 2 } },
      { text: 'A quiet evening', category: 'custom' },
      {
        text: 'three wolves in San Francisco',
        category: 'combination',
        facts: { object: 'wolf', count: 3, background: 'San Francisco' },
      },
    ]);
  });

  it('of CSV: attributes from columns, however spelled', async () => {
    const path = await write(
      'b.csv',
      'Prompt,object,color,count,background\n"My, dog",Dog,Blue,two,\nanything,,,,\nA rose at night,rose,,,san francisco\n',
    );
    expect(await readPromptsFile(path)).toEqual([
      { text: 'My, dog', category: 'combination', facts: { object: 'dog', colour: 'blue', count: 2 } },
      { text: 'anything', category: 'custom' },
      {
        text: 'A rose at night',
        category: 'background',
        facts: { object: 'rose', background: 'San Francisco' },
      },
    ]);
  });

  it('hold nothing out for the words in a prompt', async () => {
    const path = await write('c.txt', 'a sleeping bear\nTwo wolves.\nA rose on the moon.\na tiger and a rabbit\n');
    expect((await readPromptsFile(path)).map(({ holdout }) => holdout)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('say in a column what is held out, and a category of their own', async () => {
    const path = await write(
      'e.csv',
      'prompt,holdout,split,category\na bear,yes,,animals\na car,No,,\na boat,,TEST,\na rose,,train,plants\na wolf,,,\nTwo dogs.,1,eval,\n',
    );
    const prompts = await readPromptsFile(path);
    expect(prompts.map(({ holdout }) => holdout)).toEqual([true, false, true, false, undefined, true]);
    expect(prompts.map(({ category }) => category)).toEqual([
      'animals',
      'custom',
      'custom',
      'plants',
      'custom',
      'count',
    ]);
  });

  it('are read as JSON lines, with the same columns as keys', async () => {
    const rows = [
      { prompt: 'a bear in the woods', holdout: true },
      { text: 'Two dogs.', split: 'train', category: null },
      { caption: 'a drawing', object: 'dog', count: 3, holdout: false },
    ];
    const path = await write('f.jsonl', `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
    expect(await readPromptsFile(path)).toEqual([
      { text: 'a bear in the woods', category: 'custom', holdout: true },
      { text: 'Two dogs.', category: 'count', facts: { object: 'dog', count: 2 }, holdout: false },
      { text: 'a drawing', category: 'count', facts: { object: 'dog', count: 3 }, holdout: false },
    ]);
  });

  it('of a real project may have other columns, but none that is nearly one of heed', async () => {
    const none = await worldOf({ world: 'none', model: { path: '', clip: '', ema: false, size: 0, name: '' } });
    const path = await write('g.csv', 'Prompts,Category,Challenge,object\nTwo dogs.,Animals,Simple,dog\n');
    expect(await read(path, none)).toEqual([{ text: 'Two dogs.', category: 'Animals' }]);
    await expect(read(await write('h.csv', 'prompt,holdot\na,yes\n'), none)).rejects.toThrow(
      "h.csv, line 1: unknown column 'holdot'; did you mean 'holdout'?",
    );
    await expect(read(await write('h.jsonl', '{"prompt":"a","splt":"test"}\n'), none)).rejects.toThrow(
      "h.jsonl, line 1: unknown key 'splt'; did you mean 'split'?",
    );
  });

  it('give back any texts, whatever they hold', async () => {
    const text = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter(
        (raw) => raw.isWellFormed() && raw.trim() === raw && raw !== '' && !/^\ufeff|[\p{Cc}\p{Zl}\p{Zp}]/u.test(raw),
      );
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(text, { minLength: 1, maxLength: 8 }), async (texts) => {
        const path = await write(
          'd.csv',
          stringify([['prompt'], ...texts.map((each) => [guardCell(each)])], { quoted: true }),
        );
        expect((await readPromptsFile(path)).map((prompt) => prompt.text)).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });
});

describe('broken prompts files', () => {
  const utf16 = Buffer.from('\ufeffTwo dogs.\n', 'utf16le');
  const cases: [name: string, file: string, content: string | Uint8Array, sentence: string][] = [
    ['other ending', 'x.json', '[]', ': expected a prompts file that ends in .txt, .csv or .jsonl'],
    ['empty', 'x.txt', '', ': expected at least one prompt, got none'],
    ['comments alone', 'x.txt', '# nothing\n\n', ': expected at least one prompt, got none'],
    [
      'torn UTF-16',
      'x.txt',
      utf16.subarray(0, -1),
      ': expected a file of prompts in UTF-8 or UTF-16, got damaged UTF-16',
    ],
    [
      'Latin-1',
      'x.txt',
      Buffer.from('Two dogs.\nCaf\xe9\n', 'latin1'),
      ', line 2: expected a file of prompts in UTF-8, got other bytes',
    ],
    ['NUL in text', 'x.txt', 'Two dogs.\nA \0 cat\n', ', line 2: prompt: expected no control characters, got U+0000'],
    ['escape sequence', 'x.txt', 'A \x1b[31mred dog\n', ', line 1: prompt: expected no control characters, got U+001B'],
    [
      'too long',
      'x.txt',
      `ok\n\n${'x'.repeat(2001)}\n`,
      ', line 3: prompt: expected at most 2000 characters, got 2001',
    ],
    ['repeat', 'x.txt', 'a\nb\n\na\n', ", line 4: expected every prompt once, got 'a' again (line 1)"],
    ['odd holdout', 'x.csv', 'prompt,holdout\na,perhaps\n', ", line 2: holdout: expected yes or no, got 'perhaps'"],
    ['odd split', 'x.csv', 'prompt,split\na,part-3\n', ", line 2: split: expected train or test, got 'part-3'"],
    [
      'columns that contradict each other',
      'x.csv',
      'prompt,holdout,split\na,yes,train\n',
      ", line 2: expected holdout and split to agree, got 'yes' and 'train'",
    ],
    ['JSON without a prompt', 'x.jsonl', '{"split":"test"}\n', ", line 1: expected a prompt under 'prompt', got none"],
    [
      'JSON with a list',
      'x.jsonl',
      '{"prompt":["a"]}\n',
      ", line 1: expected a text under 'prompt', got another value",
    ],
    [
      'JSON with two prompts',
      'x.jsonl',
      '{"prompt":"a","text":"b"}\n',
      ", line 1: expected 'prompt' once, got it twice",
    ],
    ['broken JSON', 'x.jsonl', '{"prompt":"a"}\n{"prompt"\n', ', line 2: expected a JSON object, got damaged text'],
    ['empty CSV', 'x.csv', '', ': expected a header row with prompt, got an empty file'],
    ['CSV without rows', 'x.csv', 'prompt\n', ': expected at least one row below the header, got none'],
    ['CSV without the column', 'x.csv', 'object\ndog\n', ", line 1: expected a column 'prompt', got 'object'"],
    ['unknown column', 'x.csv', 'prompt,colr\na,b\n', ", line 1: unknown column 'colr'; did you mean 'colour'?"],
    [
      'column like none',
      'x.csv',
      'prompt,seed\na,1\n',
      ", line 1: unknown column 'seed', expected some of prompt, holdout, split, category, object, colour, count, background",
    ],
    ['column twice', 'x.csv', 'prompt,prompt\na,b\n', ", line 1: expected the column 'prompt' once, got it twice"],
    [
      'both spellings',
      'x.csv',
      'prompt,object,color,colour\na,dog,red,red\n',
      ", line 1: expected the column 'colour' once, got it twice",
    ],
    [
      'row too long',
      'x.csv',
      'prompt,object\na,dog\nb,cat,red\n',
      ', line 3: expected 2 cells as in the header, got 3',
    ],
    ['row too short', 'x.csv', 'prompt,object\na\n', ', line 2: expected 2 cells as in the header, got 1'],
    ['unknown object', 'x.csv', 'prompt,object\na,dog\nb,dgo\n', ", line 3: unknown object 'dgo'; did you mean 'dog'?"],
    [
      'unknown colour',
      'x.csv',
      'prompt,object,colour\na,dog,bleu\n',
      ", line 2: unknown colour 'bleu'; did you mean 'blue'?",
    ],
    [
      'unknown background',
      'x.csv',
      'prompt,object,background\na,dog,Timbuktu-on-Sea\n',
      ", line 2: unknown background 'Timbuktu-on-Sea', expected one of forest",
    ],
    ['count too high', 'x.csv', 'prompt,object,count\na,dog,7\n', ", line 2: count must be 1 to 6, got '7'"],
    ['count not whole', 'x.csv', 'prompt,object,count\na,dog,2.5\n', ", line 2: count must be 1 to 6, got '2.5'"],
    [
      'colour without object',
      'x.csv',
      'prompt,object,colour\na,,red\n',
      ', line 2: expected an object beside the colour, got an empty cell',
    ],
    ['empty prompt', 'x.csv', 'prompt,object\n,dog\n', ', line 2: expected a prompt, got an empty cell'],
    [
      'quote never closed',
      'x.csv',
      'prompt\n"a\nb\n',
      ': expected CSV, got a mistake in it (a quote is opened and never closed)',
    ],
    [
      'text after a quote',
      'x.csv',
      'prompt\n"a"b\n',
      ': expected CSV, got a mistake in it (text follows a closing quote)',
    ],
    [
      'line break in a prompt',
      'x.csv',
      'prompt,object\nok,dog\n"a\nb",dog\n',
      ', line 3: prompt: expected no control characters, got U+000A',
    ],
    [
      'fault after a row of several lines',
      'x.csv',
      'prompt,object,colour\nok,"\n\n",\nb,dgo,\n',
      ", line 5: unknown object 'dgo'",
    ],
    ['NUL in CSV', 'x.csv', 'prompt\na\nb\0\n', ', line 3: expected text, got a NUL character'],
    ['repeat in CSV', 'x.csv', 'prompt\na\nb\na\n', ", line 4: expected every prompt once, got 'a' again (line 2)"],
    [
      'row of a megabyte',
      'x.csv',
      `prompt\n${'x'.repeat(1_100_000)}\n`,
      ': expected CSV, got a mistake in it (a row is longer than 1 MB)',
    ],
  ];
  it.each(cases)('%s', async (_, file, content, sentence) => {
    const path = await write(file, content);
    const error = await readPromptsFile(path).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HeedError);
    const { message, exitCode } = error as HeedError;
    expect(exitCode).toBe(2);
    expect(message).not.toMatch(/\n/);
    expect(message.startsWith(path)).toBe(true);
    // Faults of CSV as such may or may not have a line; everything else has the one that is given.
    expect(
      message.slice(path.length).replace(sentence.startsWith(': expected CSV') ? /^, line \d+/ : '', ''),
    ).toContain(sentence);
  });

  it('that are not there, or are folders', async () => {
    await expect(readPromptsFile(join(folder, 'none.txt'))).rejects.toThrow(
      'none.txt: expected a file of prompts, found no such file',
    );
    await rm(join(folder, 'dir.txt'), { recursive: true, force: true });
    await expect(readPromptsFile(`${folder}/.txt`)).rejects.toThrow(
      'expected a prompts file that ends in .txt, .csv or .jsonl',
    );
  });
});
