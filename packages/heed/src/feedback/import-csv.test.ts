// Judgements from CSV, on a real project: what is taken over, how minds change, and that a bad row changes nothing.
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { exportFeedback } from '../export/tables.ts';
import type { ImageRecipe, ImageRecord } from '../images/record.ts';
import { createImageStore } from '../images/store.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import { importFeedback } from './import-csv.ts';
import { lastWords } from './judgements.ts';
import { knownAnswers } from './known-answers.ts';
import { openFeedbackLog } from './log.ts';
import { writeFeedbackSheet } from './sheet.ts';
import { labellingStatus } from './status.ts';

let folder: string;
let project: Project;
let ids: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-import-'));
  project = await initProject(join(folder, 'project'));
  const store = createImageStore(project.paths.images);
  ids = [];
  for (let seed = 0; seed < 5; seed++) {
    const { id } = await store.add(
      { width: 2, height: 2, data: new Uint8Array(12).fill(seed) },
      {
        prompt: seed < 4 ? '=Two "dogs", please' : 'A vase.',
        category: seed < 4 ? 'count' : 'custom',
        holdout: false,
        seed,
        model: 'base',
        modelHash: 'h',
        sampler: 'ddim',
        steps: 1,
        guidanceScale: 1,
        set: 'train',
        purpose: 'learn',
      },
    );
    ids.push(id);
  }
  await store.close();
});
afterEach(() => rm(folder, { recursive: true }));

async function importText(text: string | Uint8Array, rater?: string) {
  const path = join(folder, 'labels.csv');
  await writeFile(path, text);
  return importFeedback(project, path, rater === undefined ? {} : { rater });
}

const readLog = () => openFeedbackLog(project.paths.feedback).read();

describe('label --import', () => {
  it('takes over judgements with what the store knows of the images', async () => {
    const result = await importText(
      `image,label,rater,reason,time\n${ids[0]},good,anna,"sharp, too",2026-01-31T10:30:00+01:00\n${ids[1]},0,anna,,\n${ids[2]}, Skip ,ben,,\n`,
    );
    expect(result).toEqual({ added: 3, unchanged: 0, withoutLabel: 0, notes: [] });
    const events = await readLog();
    expect(events.map(({ image, label, rater }) => [image, label, rater])).toEqual([
      [ids[0], 'good', 'anna'],
      [ids[1], 'bad', 'anna'],
      [ids[2], 'skip', 'ben'],
    ]);
    expect(events[0]).toMatchObject({
      time: '2026-01-31T09:30:00.000Z',
      raterKind: 'human',
      prompt: '=Two "dogs", please',
      model: 'base',
      reason: 'sharp, too',
    });
  });

  it('adds nothing when run again, and a new event when somebody has changed their mind, and back', async () => {
    for (const [label, added] of [
      ['good', 1],
      ['good', 0],
      ['bad', 1],
      ['good', 1],
      ['good', 0],
    ] as const) {
      expect((await importText(`image,label\n${ids[0]},${label}\n`, 'anna')).added).toBe(added);
    }
    const events = await readLog();
    expect(events.map(({ label }) => label)).toEqual(['good', 'bad', 'good']);
    expect(lastWords(events).map(({ label }) => label)).toEqual(['good']);
  });

  it('reads a sheet back that was filled in by half', async () => {
    const sheet = join(folder, 'sheet.csv');
    expect(await writeFeedbackSheet(project, sheet)).toMatchObject({ images: 5 });
    const [header, ...rows] = (await readFile(sheet, 'utf8')).trim().split('\n');
    expect(rows).toHaveLength(5);
    const filled = rows.map((row, i) => (i < 2 ? row.replace(',,', ',good,') : row));
    const result = await importText([header, ...filled].join('\n'), 'anna');
    expect(result).toEqual({ added: 2, unchanged: 0, withoutLabel: 3, notes: [] });
    expect(await writeFeedbackSheet(project, sheet)).toMatchObject({ images: 3 });
    expect((await labellingStatus(project)).categories).toEqual([
      { category: 'count', images: 4, judged: 2, judgements: 2, good: 1, bad: 0, skip: 0 },
      { category: 'custom', images: 1, judged: 0, judgements: 0, good: 0, bad: 0, skip: 0 },
      { category: 'all', images: 5, judged: 2, judgements: 2, good: 1, bad: 0, skip: 0 },
    ]);
  });

  it('reads an export back as nothing new, and no cell of it is a formula', async () => {
    await importText(`image,label,rater\n${ids[0]},good,anna\n${ids[4]},bad,ben\n`);
    const path = join(folder, 'out.csv');
    expect(await exportFeedback(project, path)).toEqual({ file: path, rows: 2 });
    expect(await readFile(path, 'utf8')).toContain(`"'=Two ""dogs"", please"`);
    const sayings = `image,label,rater,reason\n${ids[1]},good,=anna,=1+1\n`;
    expect((await importText(sayings)).added).toBe(1);
    await exportFeedback(project, path);
    expect(await importFeedback(project, path)).toEqual({ added: 0, unchanged: 3, withoutLabel: 0, notes: [] });
    await importText(`image,label,rater\n${ids[2]},good,ben\n`);
    await exportFeedback(project, path);

    expect(await importFeedback(project, path)).toEqual({ added: 0, unchanged: 4, withoutLabel: 0, notes: [] });
  });

  it('calls raters with the names of simulated ones simulated', async () => {
    await importText(`image,label,rater\n${ids[0]},good,simulated-1\n${ids[0]},good,simulated\n`);
    expect((await readLog()).map(({ raterKind }) => raterKind)).toEqual(['simulated', 'human']);
  });
});

describe('broken CSVs of judgements', () => {
  const good = () => `${ids[0]},good,anna`;
  const cases: [name: string, text: () => string | Uint8Array, sentence: string][] = [
    ['empty', () => '', ': expected a header row with image, label, got an empty file'],
    ['header alone', () => 'image,label\n', ': expected at least one row below the header, got none'],
    ['no image column', () => 'label\ngood\n', ", line 1: expected a column 'image', got 'label'"],
    ['no label column', () => 'image,verdict\na,b\n', ", line 1: expected a column 'label', got 'image', 'verdict'"],
    [
      'label column twice',
      () => 'image,label,Label\na,b,c\n',
      ", line 1: expected the column 'label' once, got it twice",
    ],
    [
      'unknown image',
      () => `image,label,rater\n${good()}\nffffffffffffffff,good,anna\n`,
      ", line 3: expected the id of an image of this project, got 'ffffffffffffffff'",
    ],
    [
      'path for an image',
      () => 'image,label,rater\n../../etc/passwd,good,anna\n',
      ", line 2: expected the id of an image of this project, got '../../etc/passwd'",
    ],
    [
      'unknown label',
      () => `image,label,rater\n${ids[0]},goood,anna\n`,
      ", line 2: unknown label 'goood'; did you mean 'good'?",
    ],
    [
      'label like none',
      () => `image,label,rater\n${ids[0]},wonderful,anna\n`,
      ", line 2: unknown label 'wonderful', expected one of good, bad, skip",
    ],
    [
      'label that every object has',
      () => `image,label,rater\n${ids[0]},constructor,anna\n`,
      ", line 2: unknown label 'constructor', expected one of good, bad, skip",
    ],
    [
      'no rater',
      () => `image,label\n${ids[0]},good\n`,
      ', line 2: expected a rater in the row, or one for all rows with --rater, got neither',
    ],
    [
      'contradiction',
      () => `image,label,rater\n${good()}\n${ids[1]},good,anna\n${ids[0]},bad,anna\n`,
      `by 'anna', got a second (line 2)`,
    ],
    [
      'time in words',
      () => `image,label,rater,time\n${good()},yesterday\n`,
      ", line 2: time must be like 2026-01-31T09:30:00Z, got 'yesterday'",
    ],
    ['day that does not exist', () => `image,label,rater,time\n${good()},2026-13-45\n`, ', line 2: time must be like'],
    [
      'line break in a name',
      () => `image,label,rater\n${ids[0]},good,"an\nna"\n`,
      ', line 2: rater: expected no control characters, got U+000A',
    ],
    [
      'reason too long',
      () => `image,label,rater,reason\n${good()},${'x'.repeat(2001)}\n`,
      ', line 2: reason: expected at most 2000 characters, got 2001',
    ],
    [
      'missing cell',
      () => `image,label,rater\n${good()}\n${ids[1]},good\n`,
      ', line 3: expected 3 cells as in the header, got 2',
    ],
    [
      'torn UTF-16',
      () => Buffer.from('\ufeffimage,label\n', 'utf16le').subarray(0, -1),
      ': expected a CSV of judgements in UTF-8 or UTF-16, got damaged UTF-16',
    ],
    [
      'a day that a spreadsheet wrote',
      () => `image,label,rater,time\n${good()},31.01.2026\n`,
      ", line 2: time must be like 2026-01-31T09:30:00Z, got '31.01.2026', which a spreadsheet may have changed",
    ],
    ['a time below 0', () => `image,label,rater,seconds\n${good()},-1\n`, ', line 2: seconds must be a number from 0'],
    [
      'Latin-1',
      () => Buffer.from(`image,label,rater\n${ids[0]},good,J\xfcrgen\n`, 'latin1'),
      ', line 2: expected a CSV of judgements in UTF-8, got other bytes',
    ],
    [
      'quote never closed',
      () => `image,label,rater\n${good()}\n"${ids[1]},good,anna\n`,
      'expected CSV, got a mistake in it (a quote is opened and never closed)',
    ],
  ];
  it.each(cases)('%s', async (_, text, sentence) => {
    await importText(`image,label,rater\n${ids[3]},good,carla\n`);
    const before = await readFile(project.paths.feedback);
    const error = await importText(text()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HeedError);
    expect((error as HeedError).exitCode).toBe(2);
    expect((error as HeedError).message).not.toMatch(/\n/);
    expect((error as HeedError).message).toContain(sentence);
    expect(await readFile(project.paths.feedback)).toEqual(before);
  });
});

describe('known answers', () => {
  const importKnown = async (rows: string) => {
    const path = join(folder, 'known.csv');
    await writeFile(path, `image,label,rater,reason\n${rows}`);
    return importFeedback(project, path, { asKnown: true });
  };
  const read = async () => openFeedbackLog(project.paths.feedback).read();

  it('measure raters and are no judgement; a later one takes the place of the first', async () => {
    const rows = `${ids[0]},good,anna,Two dogs.\n${ids[1]},bad,anna,\n${ids[2]},,anna,\n`;
    expect(await importKnown(rows)).toEqual({ added: 2, unchanged: 0, withoutLabel: 1, notes: [] });
    expect(await importKnown(rows)).toEqual({ added: 0, unchanged: 2, withoutLabel: 1, notes: [] });
    expect(await importKnown(`${ids[1]},good,ben,\n`)).toMatchObject({ added: 1 });
    expect(lastWords(await read())).toEqual([]);
    expect([...knownAnswers(await read())]).toEqual([
      [ids[0], { label: 'good', why: 'Two dogs.', isSimulated: false }],
      [ids[1], { label: 'good', isSimulated: false }],
    ]);
  });

  it('are never a skip, and then nothing is written', async () => {
    await expect(importKnown(`${ids[0]},good,anna,\n${ids[1]},skip,anna,\n`)).rejects.toThrow(
      'known.csv, line 3: expected a known answer, good or bad, got skip',
    );
    expect(await read()).toEqual([]);
  });
});

describe('tables that went through a spreadsheet', () => {
  /** Stores images until one has an id of that form; returns it. */
  async function imageLike(form: RegExp): Promise<string> {
    const store = createImageStore(project.paths.images);
    const image = { width: 1, height: 1, data: new Uint8Array(3) };
    for (let seed = 100; ; seed++) {
      // Ids are hashes: the same is drawn until one looks like a number. The index alone is written.
      const id = createHash('sha256').update(`${form} ${seed}`).digest('hex').slice(0, 16);
      if (!form.test(id)) continue;
      const [known] = store.all();
      await store.add(image, { ...recipeOf(known!), seed });
      await store.close();
      const index = await readFile(join(project.paths.images, 'index.jsonl'), 'utf8');
      const last = createImageStore(project.paths.images).all().at(-1)!.id;
      await writeFile(join(project.paths.images, 'index.jsonl'), index.replaceAll(last, id));
      return id;
    }
  }
  const recipeOf = ({ id: _, file: __, width: ___, height: ____, ...recipe }: ImageRecord): ImageRecipe => recipe;

  it.each([
    ['digits alone, three of them kept', /^[1-9]\d{15}$/, (id: string) => Number(id).toExponential(2).toUpperCase()],
    ['digits alone, with a comma', /^[1-9]\d{15}$/, (id: string) => Number(id).toExponential(2).replace('.', ',')],
    ['digits alone, fifteen of them kept', /^[1-9]\d{15}$/, (id: string) => `${id.slice(0, 15)}0`],
    ['digits with leading zeros', /^0\d{15}$/, (id: string) => String(Number(id))],
    ['an exponent', /^\d{13}e\d\d$/, (id: string) => Number(id).toExponential(2)],
  ])('names the likely cause where an id was changed: %s', async (_, form, change) => {
    const id = await imageLike(form);
    await expect(
      importText(`image;label;rater\n${ids[0]};good;anna\n${change(id)};good;anna\n7;bad;anna\n`),
    ).rejects.toThrow(
      `line 3: expected the id of an image of this project, got '${change(id)}', which a spreadsheet may have made of ${id}; 1 more rows name no image`,
    );
    expect(await readLog()).toEqual([]);
    // Where the sheet has the file, too, the row tells its image.
    const file = `C:\\project\\images\\${id.slice(0, 2)}\\${id}.png`;
    expect(await importText(`image;label;rater;file;\n${change(id)};good;anna;${file};\n`)).toMatchObject({
      added: 1,
      notes: ["ids that a spreadsheet has changed, found by the file's name: 1"],
    });
  });

  it('exports ids that none changes, and reads them by any name', async () => {
    const id = await imageLike(/^[1-9]\d{15}$/);
    const names = [id, `img-${id}`, `IMG-${id}.PNG`, `images/${id.slice(0, 2)}/${id}.png`, `..\\${id}.png`];
    for (const [i, name] of names.entries()) {
      expect(await importText(`image,label,rater\n${name},good,rater ${i}\n`)).toMatchObject({ added: 1 });
    }
    const [sheet, table] = [join(folder, 'sheet.csv'), join(folder, 'table.csv')];
    await exportFeedback(project, table);
    await writeFeedbackSheet(project, sheet);
    for (const path of [sheet, table]) {
      const [, ...rows] = (await readFile(path, 'utf8')).trim().split('\n');
      expect(rows.every((row) => row.startsWith('img-'))).toBe(true);
    }
    expect(await importFeedback(project, table)).toMatchObject({ added: 0, unchanged: names.length });
  });

  it('reads what European Excel makes of an export', async () => {
    await importText(
      `image,label,rater,reason,seconds,toofast\n${ids[0]},good,007,1/2,4.25,true\n${ids[1]},bad,1e5,"a\nb",,\n`,
    );
    const table = join(folder, 'table.csv');
    await exportFeedback(project, table);
    const cells = parse(await readFile(table, 'utf8')) as string[][];
    // It writes semicolons, commas in numbers, TRUE, CRLF, UTF-16 and columns that were selected by chance.
    const excel = cells.map((row) => [
      ...row.map((cell) => (/^\d+\.\d+$/.test(cell) ? cell.replace('.', ',') : cell === 'true' ? 'TRUE' : cell)),
      '',
      '',
    ]);
    const text = excel
      .map((row) => row.map((cell) => (/[\n;"]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(';'))
      .join('\r\n');
    const before = await readLog();
    expect(await importText(Buffer.from(`\ufeff${text}\r\n;;;\r\n`, 'utf16le'))).toEqual({
      added: 0,
      unchanged: 2,
      withoutLabel: 0,
      notes: [],
    });
    const other = await initProject(join(folder, 'other'));
    await cp(project.paths.images, other.paths.images, { recursive: true });
    expect(await importFeedback(other, join(folder, 'labels.csv'))).toMatchObject({ added: 2 });
    const events = await openFeedbackLog(other.paths.feedback).read();
    expect(events).toEqual(before);
    expect(events.map(({ rater, reason, seconds, tooFast }) => [rater, reason, seconds, tooFast])).toEqual([
      ['007', '1/2', 4.25, true],
      ['1e5', 'a\nb', undefined, undefined],
    ]);
  });

  it('finds an imported picture by its own name, if only one has it', async () => {
    const store = createImageStore(project.paths.images);
    const [known] = store.all();
    const image = { width: 1, height: 1, data: new Uint8Array(3) };
    const add = (file: string, digit: string) =>
      store.add(image, {
        ...recipeOf(known!),
        source: { file, sha256: digit.repeat(64), time: '2026-01-31T09:30:00.000Z' },
      });
    const { id } = await add('cats/photo.jpg', 'a');
    await add('dogs/other.jpg', 'b');
    await add('cats/other.jpg', 'c');
    await store.close();
    expect(await importText('file_name,label,rater\nphoto.jpg,good,anna\n')).toMatchObject({ added: 1 });
    expect(await importText('image,label,rater\ncats\\other.jpg,bad,anna\n')).toMatchObject({ added: 1 });
    expect((await readLog())[0]!.image).toBe(id);
    await expect(importText('image,label,rater\nother.jpg,good,anna\n')).rejects.toThrow("got 'other.jpg'");
  });

  it('caps a time of more than a day, and takes the last of two timed answers', async () => {
    const rows = [`${ids[0]},good,anna,100000,2026-01-31 09:30:00`, `${ids[0]},bad,anna,5,2026-01-31 10:30:00`];
    for (const [i, order] of [rows, rows.toReversed()].entries()) {
      const result = await importText(`image,label,rater,seconds,time\n${order.join('\n')}\n`);
      expect(result).toMatchObject({ added: 1 - i, unchanged: i });
      expect(result.notes).toEqual([
        'answers that took more than a day, counted as a day: 1',
        'earlier judgements of an image by the same rater, of which the last counts: 1',
      ]);
    }
    expect(await readLog()).toMatchObject([{ label: 'bad', seconds: 5, time: '2026-01-31T10:30:00.000Z' }]);
    // What was said before the last word takes nothing back.
    expect(await importText(`image,label,rater,seconds,time\n${rows[0]}\n`)).toMatchObject({ added: 0, unchanged: 1 });
  });
});
