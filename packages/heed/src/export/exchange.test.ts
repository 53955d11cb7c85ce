// What leaves a project and comes back: Label Studio's JSON and CSV give the same labels in a new project, preference
// pairs are what diffusers' DPO script reads, an image folder can be imported again.
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HeedError } from '../errors.ts';
import { eventId, type FeedbackEvent, queryId } from '../feedback/event.ts';
import { importFeedbackFile } from '../feedback/import-file.ts';
import { openFeedbackLog } from '../feedback/log.ts';
import { appendRaterEvent } from '../feedback/raters.ts';
import { standingJudgements } from '../feedback/standing.ts';
import { createImageStore } from '../images/store.ts';
import { importImages } from '../import/images.ts';
import { initProject } from '../project/init.ts';
import type { Project } from '../project/project.ts';
import { readLabels } from '../reward/project-labels.ts';
import { makeDrawnProject } from '../testing/drawn-project.ts';
import { exportImageFolder } from './image-folder.ts';
import { exportLabelStudio, LABEL_STUDIO_NAMES, LABELLING_CONFIG } from './label-studio.ts';
import { exportPairs } from './preference-pairs.ts';
import { exportFeedback } from './tables.ts';

let folder: string;
let project: Project;
let events: FeedbackEvent[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-exchange-'));
  project = await makeDrawnProject(join(folder, 'one'), { prompts: 3 });
  events = judgementsOf(project);
  const log = openFeedbackLog(project.paths.feedback);
  await log.append(events);
  await log.close();
});

afterAll(() => rm(folder, { recursive: true }));

/** Two raters and a key: good, bad and skipped images, reasons, an answer that was taken back, gold, a repeat. */
function judgementsOf({ paths }: Project): FeedbackEvent[] {
  const images = createImageStore(paths.images).all();
  const base = (rater: string, i: number, label: FeedbackEvent['label'], revision = ''): FeedbackEvent => {
    const { id: image, prompt, model } = images[i]!;
    const query = queryId(
      prompt,
      images.filter((other) => other.prompt === prompt).map(({ id }) => id),
    );
    const id = `${eventId({ query, rater, image })}${revision}`;
    const time = new Date(Date.UTC(2026, 0, 31, 9, i)).toISOString();
    return { id, time, rater, raterKind: 'human', query, image, prompt, model, label };
  };
  return [
    { ...base('Ada', 0, 'good'), answer: 'a1', seconds: 4.25 },
    { ...base('Ada', 1, 'bad'), answer: 'a1', seconds: 4.25 },
    { ...base('Ada', 2, 'good'), answer: 'a1', seconds: 4.25 },
    { ...base('Ada', 3, 'skip'), reason: 'cannot tell\n=1+1 "quoted", 🐕 <b>' },
    base('Ben', 0, 'good'),
    base('Ben', 1, 'retracted', '-2'),
    { ...base('Ben', 0, 'bad', '-2'), tooFast: true },
    base('Ben', 1, 'bad', '-3'),
    { ...base('owner', 6, 'good'), purpose: 'key', reason: 'two dogs are to be seen' },
    { ...base('Ada', 6, 'bad'), purpose: 'gold', seconds: 1.5 },
    { ...base('Ada', 7, 'good'), purpose: 'repeat', query: 'again-1', repeatOf: 'q' },
    { ...base('Ada', 7, 'bad'), id: 'second', purpose: 'repeat', query: 'again-2', repeatOf: 'q' },
    { ...base('simulated-1', 8, 'good'), raterKind: 'simulated' },
  ];
}

/** A project with the same images and no judgements. */
async function emptyTwin(name: string): Promise<Project> {
  return makeDrawnProject(join(folder, name), { prompts: 3 });
}

const readLog = ({ paths }: Project) => openFeedbackLog(paths.feedback).read();
const facts = (list: readonly FeedbackEvent[]) =>
  list.map(({ id, ...event }) => JSON.stringify(Object.entries(event).sort())).sort();

describe('a project sent elsewhere and back', () => {
  it.each([
    ['Label Studio', 'tasks.json', exportLabelStudio],
    ['CSV', 'feedback.csv', exportFeedback],
  ] as const)('gives the same labels through %s, once', async (name, file, write) => {
    const path = join(folder, file);
    await write(project, path);
    const twin = await emptyTwin(`twin ${name}`);
    const standing = standingJudgements(events);
    expect(await importFeedbackFile(twin, path)).toMatchObject({ added: standing.length, unchanged: 0 });
    // Which events were submitted at once is no matter of a table.
    const told = name === 'CSV' ? standing.map(({ answer, ...event }) => event) : standing;
    expect(facts(await readLog(twin))).toEqual(facts(told));
    const labels = async (one: Project) =>
      (await readLabels(one, createImageStore(one.paths.images).all())).map(({ image, label }) => [image.id, label]);
    expect(await labels(twin)).toEqual(await labels(project));
    const before = await readFile(twin.paths.feedback);
    expect(await importFeedbackFile(twin, path)).toMatchObject({ added: 0, unchanged: standing.length });
    expect(await readFile(twin.paths.feedback)).toEqual(before);
  });

  it('speaks of skips, keys and times in the words of Label Studio', async () => {
    const path = join(folder, 'words.json');
    await exportLabelStudio(project, path, { imagePrefix: 's3://bucket/' });
    type Written = { data: Record<string, string>; annotations: Record<string, unknown>[] };
    const tasks = JSON.parse(await readFile(path, 'utf8')) as Written[];
    const images = createImageStore(project.paths.images).all();
    expect(tasks).toHaveLength(9);
    expect(tasks[0]!.data).toMatchObject({ image: `s3://bucket/${images[0]!.file}`, prompt: images[0]!.prompt });
    const annotations = tasks.flatMap((task) => task.annotations);
    expect(annotations.filter(({ was_cancelled }) => was_cancelled)).toMatchObject([{ result: [] }]);
    expect(annotations.filter(({ ground_truth }) => ground_truth)).toMatchObject([{ heed: { rater: 'owner' } }]);
    expect(tasks[0]!.annotations[0]).toMatchObject({
      lead_time: 4.25,
      result: [{ type: 'choices', from_name: 'label', to_name: 'image', value: { choices: ['good'] } }],
    });
    for (const name of Object.values(LABEL_STUDIO_NAMES)) expect(LABELLING_CONFIG).toContain(`name="${name}"`);
  });

  it('takes what several annotators of a Label Studio have said', async () => {
    const twin = await emptyTwin('annotators');
    const [one, two] = createImageStore(twin.paths.images).all();
    const choice = (word: string) => [
      { id: 'x', type: 'choices', from_name: 'verdict', to_name: 'img', value: { choices: [word] } },
    ];
    const tasks = [
      {
        id: 41,
        data: { image: `/data/upload/7/a1b2-${one!.id}.png`, caption: 'whatever' },
        annotations: [
          { completed_by: 1, result: choice('Good'), lead_time: 2.5, created_at: '2026-01-31T09:30:00.123456Z' },
          { completed_by: { id: 2, email: 'ben@example.org' }, result: choice('bad'), ground_truth: false },
          { completed_by: 3, result: [], was_cancelled: true, lead_time: null },
          { completed_by: 4, result: choice('bad'), ground_truth: true },
        ],
      },
      { id: 42, data: { image: `${two!.id}.png` }, annotations: [], predictions: [] },
    ];
    const path = join(folder, 'annotators.json');
    await writeFile(path, JSON.stringify(tasks));
    expect(await importFeedbackFile(twin, path)).toEqual({ added: 4, unchanged: 0, withoutLabel: 1, notes: [] });
    const said = (await readLog(twin)).map(({ rater, label, purpose, seconds, time }) => [
      rater,
      label,
      purpose,
      seconds,
      time.startsWith('2026-01-31T09:30:00.123'),
    ]);
    expect(said).toEqual([
      ['label-studio-1', 'good', undefined, 2.5, true],
      ['ben@example.org', 'bad', undefined, undefined, false],
      ['label-studio-3', 'skip', undefined, undefined, false],
      ['label-studio-4', 'bad', 'key', undefined, false],
    ]);
  });

  it('refuses a whole file for one bad task, by its number', async () => {
    const twin = await emptyTwin('bad');
    const { id } = createImageStore(twin.paths.images).all()[0]!;
    const choices = (words: unknown) => [{ type: 'choices', value: { choices: words } }];
    const good = { data: { image: id }, annotations: [{ completed_by: 1, result: choices(['good']) }] };
    const annotated = (annotation: object, data: object = { heed_image: id }) => ({
      id: 9,
      data,
      annotations: [{ completed_by: 2, result: choices(['bad']), ...annotation }],
    });
    const cases: [bad: unknown, sentence: string][] = [
      [7, 'task 2: expected a task with data and annotations'],
      [
        { image: id, verdict: 'good' },
        "expected a task with data and annotations as Label Studio's JSON export has them",
      ],
      [
        annotated({}, { image: 'http://127.0.0.1/x.png' }),
        "(id 9): expected an image of this project in the task's data",
      ],
      [annotated({}, { image: '../../etc/passwd' }), "expected an image of this project in the task's data"],
      [annotated({}, { heed_image: 'ffffffffffffffff' }), 'expected an image of this project'],
      [annotated({ result: [] }), 'expected one choice, good or bad, got 0'],
      [annotated({ result: choices(['good', 'bad']) }), 'expected one choice, good or bad, got 2'],
      [annotated({ result: choices(['__proto__']) }), "expected good or bad as the choice, got '__proto__'"],
      [annotated({ result: choices(7) }), "got a bad value in 'annotations.0.result.0.value.choices'"],
      [annotated({ completed_by: null }), 'expected completed_by to say who judged, or --rater, got neither'],
      [annotated({ heed: { rater: 'a\0' } }), 'rater: expected no control characters, got U+0000'],
      [annotated({ lead_time: -1 }), "got a bad value in 'annotations.0.lead_time'"],
      [annotated({ created_at: 'yesterday' }), "created_at must be like 2026-01-31T09:30:00Z, got 'yesterday'"],
      [annotated({ completed_by: 1 }), `expected one judgement of image ${id} by 'label-studio-1', got a second`],
    ];
    const path = join(folder, 'bad.json');
    for (const [bad, sentence] of cases) {
      await writeFile(path, JSON.stringify([good, bad]));
      const error = await importFeedbackFile(twin, path).catch((thrown: unknown) => thrown);
      expect(error, sentence).toBeInstanceOf(HeedError);
      expect((error as HeedError).message).toContain(sentence);
      expect((error as HeedError).message).toContain('task 2');
      expect((error as HeedError).message).not.toContain('\n');
    }
    for (const [text, sentence] of [
      ['[{', 'expected JSON, got a mistake in it'],
      ['{}', 'expected a list of tasks, got another value'],
      ['['.repeat(100_000), 'expected JSON, got a mistake in it'],
    ] as const) {
      await writeFile(path, text);
      await expect(importFeedbackFile(twin, path)).rejects.toThrow(sentence);
    }
    await expect(importFeedbackFile(twin, join(folder, 'x.pkl'))).rejects.toThrow(
      'ends in .csv or .tsv or .txt or .json',
    );
    expect(await readLog(twin)).toEqual([]);
  });
});

describe('preference pairs', () => {
  it('have the columns that trainers read', async () => {
    const path = join(folder, 'pairs', 'train.parquet');
    // Ada's query has two good images and a bad one; Ben says of two images that both are bad.
    expect(await exportPairs(project, path)).toEqual({ file: path, rows: 2, leftOut: [] });
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(path), utf8: false });
    const store = createImageStore(project.paths.images);
    for (const row of rows) {
      expect(row).toMatchObject({ caption: events[0]!.prompt, has_label: true, user_id: 'Ada', model_0: 'base' });
      expect([row.label_0, row.label_1].sort()).toEqual([0, 1]);
      expect(row.best_image_uid).toBe(row.label_0 === 1 ? row.image_0_uid : row.image_1_uid);
      expect(row.best_image_uid).not.toBe(events[1]!.image);
      expect(Buffer.from(row.jpg_0)).toEqual(await store.readPng(row.image_0_uid));
      expect(Buffer.from(row.jpg_1)).toEqual(await store.readPng(row.image_1_uid));
    }
    expect(await readdir(join(folder, 'pairs'))).toEqual(['train.parquet']);
    await appendRaterEvent(project, { time: new Date(0).toISOString(), rater: 'Ada', event: 'set-aside' });
    await expect(exportPairs(project, join(folder, 'none.parquet'))).rejects.toThrow('found none; nothing was written');
    await appendRaterEvent(project, { time: new Date(0).toISOString(), rater: 'Ada', event: 'taken-back' });
  });

  // HEED_PYTHON: a Python with pyarrow and pillow. Reads as diffusers' train_diffusion_dpo.py does.
  const python = process.env.HEED_PYTHON;
  if (python)
    it('are read by pyarrow and Pillow', async () => {
      const path = join(folder, 'python.parquet');
      await exportPairs(project, path);
      const script = `
import io, json, sys
import pyarrow.parquet as pq
from PIL import Image
table = pq.read_table(sys.argv[1])
for row in table.to_pylist():
    for name in ("jpg_0", "jpg_1"):
        assert isinstance(row[name], bytes)
        assert Image.open(io.BytesIO(row[name])).convert("RGB").size == (64, 64)
    assert {row["label_0"], row["label_1"]} == {0.0, 1.0}
print(json.dumps({"types": {f.name: str(f.type) for f in table.schema}, "rows": table.num_rows}))`;
      const { types, rows } = JSON.parse(execFileSync(python, ['-c', script, path], { encoding: 'utf8' }));
      expect(rows).toBe(2);
      expect(types).toMatchObject({ caption: 'string', jpg_0: 'binary', label_0: 'double', has_label: 'bool' });
    });
});

describe('an image folder', () => {
  it('is written with splits and labels, and can be imported again', async () => {
    const target = join(folder, 'dataset');
    expect(await exportImageFolder(project, target)).toEqual({ file: target, rows: 9 });
    expect((await readdir(target)).sort()).toEqual(['README.md', 'train']);
    const lines = (await readFile(join(target, 'train/metadata.jsonl'), 'utf8')).trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    // Ada said good and Ben bad; Ada skipped; others were asked only to measure them.
    expect(rows.map(({ label }) => label).slice(0, 4)).toEqual([0.5, 0, 1, null]);
    expect(rows[3]).toMatchObject({ good: 0, bad: 0, skipped: 1, set: 'train' });
    expect(rows[6]).toMatchObject({ label: null });
    const other = await initProject(join(folder, 'other'));
    expect(await importImages(other, join(target, 'train'))).toMatchObject({ added: 9, quarantined: [] });
    const [original, again] = [project, other].map(({ paths }) => createImageStore(paths.images));
    for (const [i, record] of again!.all().entries()) {
      expect(record.prompt).toBe(original!.all()[i]!.prompt);
      expect(await again!.read(record.id)).toEqual(await original!.read(original!.all()[i]!.id));
    }
    await expect(exportImageFolder(project, target)).rejects.toThrow('expected nothing of that name, found something');
    await expect(exportImageFolder(project, join(folder, 'x'), { set: 'none' })).rejects.toThrow("in set 'none'");
  });
});
