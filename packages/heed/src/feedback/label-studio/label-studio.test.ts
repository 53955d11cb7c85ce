// Judgements through Label Studio and back, in each of its exports. What Label Studio 1.23 does to an import was found
// by importing into it: annotations get new ids in the order of the file, belong to who imports them, at that time, and
// lose what stands beside them.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportLabelStudio } from '../../export/label-studio.ts';
import { createImageStore } from '../../images/store.ts';
import type { Project } from '../../project/project.ts';
import { makeDrawnProject } from '../../testing/drawn-project.ts';
import { eventId, type FeedbackEvent, queryId } from '../event.ts';
import { importFeedbackFile } from '../import-file.ts';
import { openFeedbackLog } from '../log.ts';

interface Annotation {
  id: number;
  result: { type: string; from_name?: string; value: { choices: string[] }; meta?: object }[];
  was_cancelled: boolean;
  ground_truth: boolean;
  lead_time: number | null;
  completed_by?: unknown;
  updated_by?: unknown;
  import_id?: number | null;
  created_at?: string;
  updated_at?: string;
  heed?: object;
}

interface Task {
  id: number;
  data: Record<string, string>;
  annotations: Annotation[];
  predictions?: object[];
  drafts?: object[];
}

let folder: string;
let project: Project;
let tasks: Task[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-label-studio-'));
  project = await makeDrawnProject(join(folder, 'project'), { prompts: 3 });
  const log = openFeedbackLog(project.paths.feedback);
  await log.append([
    { ...judgement('Ada', 0, 'good'), seconds: 4.25 },
    { ...judgement('Ben', 0, 'bad'), tooFast: true },
    judgement('Ada', 1, 'skip'),
    { ...judgement('Ben', 1, 'skip'), seconds: 2.5, reason: 'cannot "tell";\n=1' },
    { ...judgement('owner', 2, 'good'), purpose: 'key' },
    { ...judgement('Ada', 2, 'bad'), purpose: 'gold', seconds: 1.5 },
    { ...judgement('simulated-1', 3, 'good'), raterKind: 'simulated' },
  ]);
  await log.close();
  const path = join(folder, 'tasks.json');
  await exportLabelStudio(project, path);
  tasks = throughLabelStudio(JSON.parse(await readFile(path, 'utf8')) as Task[]);
});

afterEach(() => rm(folder, { recursive: true }));

function judgement(rater: string, i: number, label: FeedbackEvent['label']): FeedbackEvent {
  const { id: image, prompt, model } = createImageStore(project.paths.images).all()[i]!;
  const query = queryId(prompt, [image]);
  const time = new Date(Date.UTC(2026, 0, 31, 9, i)).toISOString();
  return { id: eventId({ query, rater, image }), time, rater, raterKind: 'human', query, image, prompt, model, label };
}

const IMPORTED_AT = '2026-02-01T10:00:00.123456Z';

function throughLabelStudio(imported: readonly Task[]): Task[] {
  let id = 100;
  return imported.map((task, i) => ({
    ...task,
    id: 50 + i,
    annotations: task.annotations.map(({ heed: _, ...annotation }) => ({
      ...annotation,
      import_id: annotation.id,
      id: ++id,
      completed_by: 1,
      updated_by: null,
      created_at: IMPORTED_AT,
      updated_at: IMPORTED_AT,
    })),
    drafts: [],
  }));
}

/** Adds what an annotator says on Label Studio's page. */
function annotate(i: number, choice: string | undefined, extra: Partial<Annotation> = {}): void {
  const { annotations } = tasks[i]!;
  const created = new Date(Date.UTC(2026, 1, 2, 10, annotations.length)).toISOString();
  const result = [{ type: 'choices', from_name: 'label', value: { choices: [choice!] } }];
  annotations.push({
    id: 900 + 10 * i + annotations.length,
    result: choice === undefined ? [] : result,
    was_cancelled: choice === undefined,
    ground_truth: false,
    lead_time: 3.217,
    completed_by: 2,
    import_id: null,
    created_at: created,
    updated_at: created,
    ...extra,
  });
}

/** The rows of the flat exports: no skips, no ground truth, newest first. */
const flat = () =>
  tasks.flatMap(({ id, data, annotations }) =>
    annotations
      .filter(({ was_cancelled }) => !was_cancelled)
      .toReversed()
      .map(({ result, id: annotation_id, completed_by, created_at, updated_at, lead_time }) => ({
        ...data,
        id,
        label:
          result[0]!.value.choices.length === 1 ? result[0]!.value.choices[0] : { choices: result[0]!.value.choices },
        annotator: completed_by,
        annotation_id,
        created_at,
        updated_at,
        lead_time,
      })),
  );

const FORMS: Record<string, { file: string; write: () => string; keepsSkips: boolean }> = {
  JSON: { file: 'export.json', write: () => JSON.stringify(tasks), keepsSkips: true },
  'JSON of before 1.0': {
    file: 'export.json',
    write: () =>
      JSON.stringify(
        tasks.map(({ annotations, ...task }) => ({
          ...task,
          completions: annotations.map(({ import_id: _, was_cancelled, ...annotation }) => ({
            ...annotation,
            skipped: was_cancelled,
          })),
        })),
      ),
    keepsSkips: true,
  },
  JSON_MIN: { file: 'export-min.json', write: () => JSON.stringify(flat()), keepsSkips: false },
  CSV: { file: 'export.csv', write: () => stringify(flat(), { header: true, quoted_string: true }), keepsSkips: false },
  TSV: {
    file: 'export.tsv',
    write: () => stringify(flat(), { header: true, quoted_string: true, delimiter: '\t' }),
    keepsSkips: false,
  },
};

async function importForm(name: keyof typeof FORMS, options: { rater?: string } = {}) {
  const { file, write } = FORMS[name]!;
  const path = join(folder, file);
  await writeFile(path, write());
  return importFeedbackFile(project, path, options);
}

const added = async () => {
  const events = await openFeedbackLog(project.paths.feedback).read();
  return events.slice(7).map(({ rater, label, seconds, purpose }) => [rater, label, seconds, purpose]);
};

describe.each(Object.keys(FORMS))('the %s export', (name) => {
  const { keepsSkips } = FORMS[name]!;

  it('of what heed has exported adds nothing', async () => {
    const before = await readFile(project.paths.feedback);
    expect(await importForm(name)).toMatchObject({ added: 0, unchanged: keepsSkips ? 7 : 5, notes: [] });
    expect(await readFile(project.paths.feedback)).toEqual(before);
  });

  it('adds what people have said there, once', async () => {
    annotate(0, 'bad');
    annotate(1, undefined);
    annotate(4, 'Good', { completed_by: 3, lead_time: 100_000 });
    tasks[5]!.drafts = [{ result: [{ type: 'choices', value: { choices: ['good'] } }] }];
    tasks[5]!.predictions = [{ result: [{ type: 'choices', value: { choices: ['good'] } }], score: 0.9 }];
    expect((await importForm(name)).notes).toEqual(['answers that took more than a day, counted as a day: 1']);
    const skip = ['label-studio-2', 'skip', 3.217, undefined];
    expect(await added()).toEqual([
      ['label-studio-2', 'bad', 3.217, undefined],
      ...(keepsSkips ? [skip] : []),
      ['label-studio-3', 'good', 86_400, undefined],
    ]);
    expect(await importForm(name)).toMatchObject({ added: 0 });
  });

  it('counts the last word of an annotator, and says so', async () => {
    annotate(4, 'good');
    annotate(4, 'bad');
    annotate(4, 'good', { updated_at: '2026-03-01T00:00:00Z' });
    tasks[4]!.annotations.push(tasks[4]!.annotations.shift()!);
    expect(await importForm(name)).toMatchObject({
      added: 1,
      notes: ['earlier judgements of an image by the same rater, of which the last counts: 2'],
    });
    expect(await added()).toEqual([['label-studio-2', 'good', 3.217, undefined]]);
  });

  it("takes a choice of heed's own that was changed there for the word of who changed it", async () => {
    const [own] = tasks[3]!.annotations;
    own!.result[0]!.value.choices = ['bad'];
    Object.assign(own!, { lead_time: 9, updated_by: 2, updated_at: '2026-02-02T10:00:00Z' });
    await importForm(name);
    const editor = name.startsWith('JSON') && keepsSkips ? 'label-studio-2' : 'label-studio-1';
    expect(await added()).toEqual([[editor, 'bad', 9, undefined]]);
  });
});

describe('what annotators are called', () => {
  it.each([
    [7, 'label-studio-7'],
    ['7', 'label-studio-7'],
    ['eve@example.org', 'eve@example.org'],
    [{ id: 7, email: 'eve@example.org', first_name: 'Eve' }, 'eve@example.org'],
    [{ id: 7 }, 'label-studio-7'],
    [undefined, 'anna'],
  ])('%j is %s', async (completed_by, rater) => {
    annotate(4, 'good', { completed_by });
    await importForm('JSON', { rater: 'anna' });
    expect(await added()).toEqual([[rater, 'good', 3.217, undefined]]);
  });

  it('a known answer is one', async () => {
    annotate(4, 'good', { ground_truth: true });
    await importForm('JSON');
    expect(await added()).toEqual([['label-studio-2', 'good', 3.217, 'key']]);
  });
});

describe('choices', () => {
  it.each(['good', 'Good', ' good ', ['good'], { choices: ['good'] }, '{"choices": ["good"]}', '["good"]'])(
    'can be written as %j in a flat export',
    async (label) => {
      annotate(4, 'good');
      const path = join(folder, 'min.json');
      await writeFile(path, JSON.stringify(flat().map((row) => (row.id === 54 ? { ...row, label } : row))));
      expect(await importFeedbackFile(project, path)).toMatchObject({ added: 1 });
    },
  );

  it('can have another name, and be none', async () => {
    annotate(4, 'good');
    const rows = flat().map(({ label, ...row }) => ({ ...row, verdict: label, comment: 'good grief' }));
    const path = join(folder, 'named.csv');
    await writeFile(
      path,
      stringify([...rows, { ...rows.at(-1)!, id: 55, annotation_id: '', annotator: '', verdict: '' }], {
        header: true,
      }),
    );
    expect(await importFeedbackFile(project, path)).toMatchObject({ added: 1, withoutLabel: 1 });
  });

  it('of other words refuse the file, by their place', async () => {
    annotate(4, 'great');
    await expect(importForm('JSON')).rejects.toThrow("task 5 (id 54): expected good or bad as the choice, got 'great'");
    await expect(importForm('JSON_MIN')).rejects.toThrow("item 6: expected good or bad as the choice, got 'great'");
    await expect(importForm('CSV')).rejects.toThrow("line 7: expected good or bad as the choice, got 'great'");
    expect(await added()).toEqual([]);
  });
});

describe('pictures', () => {
  it.each([
    ['/data/local-files/?d=images/ab/ID.png'],
    ['/data/local-files/?d=images%2Fab%2FID.png'],
    ['/data/local-files/?d=C%3A%5Cproject%5Cimages%5CID.png&x=1'],
    ['/data/upload/3/1a2b3c4d-ID.png'],
    ['/data/upload/3/1a2b3c4d-img-ID.png'],
    ['https://label.example.org/data/upload/ID.png?token=%20a#top'],
    ['s3://bucket/my%20images/ID.png'],
    ['ID'],
    ['img-ID'],
  ])('are found at %s', async (address) => {
    annotate(4, 'good');
    const id = createImageStore(project.paths.images).all()[4]!.id;
    tasks[4]!.data = { picture: address.replace('ID', id), prompt: 'what?d=ever%' };
    expect(await importForm('JSON')).toMatchObject({ added: 1 });
  });
});
