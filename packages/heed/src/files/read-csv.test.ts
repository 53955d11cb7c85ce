// CSV files as people have them: encodings, line ends, quotes, lengths. Each is read right, or refused with its line.
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { readCsv } from './read-csv.ts';
import { readJsonRows } from './read-json-lines.ts';
import { writeCsv } from './write-csv.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-csv-'));
});

afterAll(() => rm(folder, { recursive: true }));

const path = () => join(folder, 'table.csv');
const columns = { required: ['name', 'text'], optional: [] } as const;

async function read(content: string | Uint8Array): Promise<{ line: number; name: string; text: string }[]> {
  await writeFile(path(), content);
  return readCsv<'name' | 'text', { line: number; name: string; text: string }>(path(), {
    what: 'a table',
    columns,
    parseRow: ({ line, cells }) => ({ line, ...cells }),
  });
}

describe('readCsv', () => {
  const good: [name: string, content: string | Uint8Array, rows: object[]][] = [
    ['a byte order mark', '\ufeffname,text\na,b\n', [{ line: 2, name: 'a', text: 'b' }]],
    [
      'line ends of all kinds',
      'name,text\r\na,b\nc,d\r\ne,f',
      [
        { line: 2, name: 'a', text: 'b' },
        { line: 3, name: 'c', text: 'd' },
        { line: 4, name: 'e', text: 'f' },
      ],
    ],
    [
      'line ends inside of quotes',
      'name,text\n"a\nb","c ""d"""\ne,f\n',
      [
        { line: 2, name: 'a\nb', text: 'c "d"' },
        { line: 4, name: 'e', text: 'f' },
      ],
    ],
    ['columns in another order and case', 'TEXT, Name \nb,a\n', [{ line: 2, name: 'a', text: 'b' }]],
    ['cells that were kept from being formulas', "name,text\n'=1+1,'@x\n", [{ line: 2, name: '=1+1', text: '@x' }]],
    ['an apostrophe of its own', "name,text\n'tis,'\n", [{ line: 2, name: "'tis", text: "'" }]],
    ['figures that were kept from being numbers', "name,text\n'007,'1e45\n", [{ line: 2, name: '007', text: '1e45' }]],
    ['the semicolons of European Excel', 'name;text\na;"b;c"\n', [{ line: 2, name: 'a', text: 'b;c' }]],
    ['semicolons with commas in the cells', 'name;text\n1,5;b,c\n', [{ line: 2, name: '1,5', text: 'b,c' }]],
    ['tabs', 'name\ttext\na\t"b\tc"\n', [{ line: 2, name: 'a', text: 'b\tc' }]],
    ["Excel's word on its separator", '\ufeffsep=;\r\nname;text\r\na;b\r\n', [{ line: 3, name: 'a', text: 'b' }]],
    [
      'UTF-16, little end first',
      Buffer.from('\ufeffname\ttext\né\tb\n', 'utf16le'),
      [{ line: 2, name: 'é', text: 'b' }],
    ],
    [
      'UTF-16, big end first',
      Buffer.from('\ufeffname,text\né,b\n', 'utf16le').swap16(),
      [{ line: 2, name: 'é', text: 'b' }],
    ],
    [
      'empty columns and rows at the end',
      'name,text,,\na,b,,\nc,d\n,,,\n , \n',
      [
        { line: 2, name: 'a', text: 'b' },
        { line: 3, name: 'c', text: 'd' },
      ],
    ],
    ['empty cells behind the header alone', 'name,text\na,b,,,\n', [{ line: 2, name: 'a', text: 'b' }]],
  ];
  it.each(good)('reads %s', async (_, content, rows) => {
    expect(await read(content)).toEqual(rows);
  });

  const bad: [name: string, content: string | Uint8Array, sentence: string][] = [
    ['half a character of UTF-16', Buffer.from([0xff, 0xfe, 0x61]), 'in UTF-8 or UTF-16, got damaged UTF-16'],
    ['UTF-16 without a mark', Buffer.from('name,text\n', 'utf16le'), 'line 1: expected text, got a NUL character'],
    [
      'Latin-1',
      Buffer.from('name,text\na,b\nc,\xe9\n', 'latin1'),
      'line 3: expected a table in UTF-8, got other bytes',
    ],
    ['an overlong form', Buffer.from([...Buffer.from('name,text\n'), 0xc0, 0xaf]), 'line 2: expected a table in UTF-8'],
    [
      'half of a pair',
      Buffer.from([...Buffer.from('name,text\n'), 0xed, 0xa0, 0xbd]),
      'line 2: expected a table in UTF-8',
    ],
    ['NUL', 'name,text\na,b\0\n', 'line 2: expected text, got a NUL character'],
    ['a quote that is never closed', 'name,text\n"a,b\n', 'a quote is opened and never closed'],
    ['text behind a quote', 'name,text\n"a"x,b\n', 'line 2: expected CSV, got a mistake in it (text follows'],
    [
      'a quote in the middle',
      'name,text\na"b",c\n',
      'line 2: expected CSV, got a mistake in it (a quote stands inside',
    ],
    ['a row of more than 1 MB', `name,text\na,${'x'.repeat(2 ** 20 + 1)}\n`, '(a row is longer than 1 MB)'],
    ['a cell too many', 'name,text\na,b,c\n', 'line 2: expected 2 cells as in the header, got 3'],
    ['other columns', 'name,txet\na,b\n', "line 1: unknown column 'txet'; did you mean 'text'?"],
    ['bars', 'name|text\na|b\n', 'expected some of the columns name, text, got others'],
    ['a column twice', 'name,text,Text\na,b,c\n', "line 1: expected the column 'text' once, got it twice"],
    [
      'another file',
      'root:x:0:0,/root,/bin/bash\na,b,c\n',
      'line 1: expected some of the columns name, text, got others',
    ],
  ];
  it.each(bad)('refuses %s', async (_, content, sentence) => {
    const error = await read(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HeedError);
    expect((error as HeedError).message).toContain(path());
    expect((error as HeedError).message).toContain(sentence);
    expect((error as HeedError).message).not.toContain('\n');
  });

  it('refuses a file of a gigabyte before it is read', async () => {
    const file = await open(join(folder, 'large.csv'), 'w');
    await file.truncate(2 ** 30);
    await file.close();
    const reading = { what: 'a table', columns, parseRow: () => 0 };
    await expect(readCsv(join(folder, 'large.csv'), reading)).rejects.toThrow('expected at most 268435456 bytes');
    await expect(readJsonRows(join(folder, 'large.csv'), { what: 'a list', parseRow: () => 0 })).rejects.toThrow(
      'expected at most 268435456 bytes',
    );
  });

  it('reads what was written, row for row', async () => {
    const texts = [
      '=1',
      '007',
      '1551336442423361',
      '1234567890123e45',
      '1/2',
      'Mar 7',
      'TRUE',
      'a',
      '12 cats',
      '50 %',
      '.5',
      '-',
    ];
    const rows = Array.from({ length: 20_000 }, (_, i) => ({
      name: `${"'".repeat(i % 3)}${texts[i % texts.length]}`,
      text: `"${i}",\n-x`,
    }));
    await writeCsv(path(), ['name', 'text'], rows);
    const found = await readCsv<'name' | 'text', object>(path(), {
      what: 'a table',
      columns,
      parseRow: ({ cells }) => cells,
    });
    expect(found).toEqual(rows);
  });
});
