// Preference pairs as tables have them: the way back of an export of pairs, and those of other collections.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportPairs } from '../export/preference-pairs.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { makeDrawnProject } from '../testing/drawn-project.ts';
import { importFeedbackFile } from './import-file.ts';
import { openFeedbackLog } from './log.ts';
import { statedPreferences } from './preferences.ts';

let folder: string;
let project: Project;
let ids: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heed-pairs-'));
  project = await makeDrawnProject(join(folder, 'project'), { prompts: 2 });
  ids = createImageStore(project.paths.images)
    .all()
    .map(({ id }) => id);
});
afterEach(() => rm(folder, { recursive: true }));

async function importRows(rows: readonly object[], options: { rater?: string; asKnown?: boolean } = {}) {
  const path = join(folder, 'pairs.csv');
  await writeFile(path, stringify(rows as never, { header: true }));
  return importFeedbackFile(project, path, options);
}

const said = async ({ paths } = project) =>
  (await openFeedbackLog(paths.feedback).read()).map(({ rater, image, label }) => [rater, ids.indexOf(image), label]);

describe('preference pairs', () => {
  it('come back to their project without a change, and to another as preferences', async () => {
    const query = 'q1';
    await importRows([
      { image: ids[0], label: 'good', rater: 'Ada', query },
      { image: ids[1], label: 'bad', rater: 'Ada', query },
      { image: ids[2], label: 'good', rater: 'Ada', query },
    ]);
    const parquet = join(folder, 'pairs.parquet');
    await exportPairs(project, parquet);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(parquet) });
    const table = rows.map(({ jpg_0: _, jpg_1: __, ...row }) => row);
    // The project has all of it already; another gets two preferences.
    expect(await importRows(table)).toMatchObject({ added: 0, unchanged: 4 });
    const twin = await makeDrawnProject(join(folder, 'twin'), { prompts: 2 });
    expect(await importFeedbackFile(twin, join(folder, 'pairs.csv'))).toMatchObject({ added: 4, notes: ['pairs: 2'] });
    const again = join(folder, 'again.parquet');
    await exportPairs(twin, again);
    const copies = await parquetReadObjects({ file: await asyncBufferFromFile(again) });
    const facts = (row: Record<string, unknown>) => [row.image_0_uid, row.image_1_uid, row.label_0, row.user_id];
    expect(copies.map(facts).sort()).toEqual(rows.map(facts).sort());
    expect(await importFeedbackFile(twin, join(folder, 'pairs.csv'))).toMatchObject({ added: 0, unchanged: 4 });
  });

  it('of other collections: by label or by the best, ties among them', async () => {
    const pair = (a: number, b: number, more: object) => ({
      caption: 'x',
      image_0_uid: ids[a],
      image_1_uid: ids[b],
      ...more,
    });
    expect(
      await importRows([
        pair(0, 1, { label_0: '1.0', label_1: '0', best_image_uid: '', user_id: 7 }),
        pair(1, 2, { label_0: '0,5', label_1: '0.5', best_image_uid: '', user_id: 7 }),
        pair(2, 3, { label_0: '', label_1: '', best_image_uid: ids[3], user_id: 8 }),
        pair(4, 5, { label_0: '', label_1: '', best_image_uid: 'none', user_id: 8 }),
      ]),
    ).toEqual({
      added: 8,
      unchanged: 0,
      withoutLabel: 0,
      notes: ['pairs: 4, of which ties: 2'],
    });
    expect(await said()).toEqual([
      ['7', 0, 'good'],
      ['7', 1, 'bad'],
      ['7', 1, 'good'],
      ['7', 2, 'good'],
      ['8', 2, 'bad'],
      ['8', 3, 'good'],
      ['8', 4, 'good'],
      ['8', 5, 'good'],
    ]);
    const { rows } = await exportPairs(project, join(folder, 'out.parquet'));
    // Images of two prompts make no pair of either.
    expect(rows).toBe(3);
  });

  it('keep an image that a rater found better once and worse once', async () => {
    const rows = [
      [0, 1],
      [1, 2],
    ].map(([a, b]) => ({ image_0: ids[a!], image_1: ids[b!], label_0: 1 }));
    expect(await importRows(rows, { rater: 'anna' })).toMatchObject({ added: 4, notes: ['pairs: 2'] });
    const events = await openFeedbackLog(project.paths.feedback).read();
    expect(
      statedPreferences(events).map(({ better, worse }) => [better, worse].map((e) => ids.indexOf(e.image))),
    ).toEqual([
      [0, 1],
      [1, 2],
    ]);
    // As known answers it would say two things of one image.
    expect((await importRows(rows, { rater: 'anna', asKnown: true })).notes[1]).toMatch(/better in one pair .*: 1$/);
  });

  it('of unknown images, without a rater or with odd numbers are refused by their line', async () => {
    const good = { image_0: ids[0], image_1: ids[1], label_0: 1, user_id: 'anna' };
    for (const [bad, sentence] of [
      [
        { image_1: '1.55E+15' },
        "line 3: expected the id of an image of this project, got '1.55E+15', which a spreadsheet",
      ],
      [{ label_0: 7 }, 'line 3: label_0 and label_1 must be from 0 to 1'],
      [{ user_id: '' }, 'line 3: expected a rater in the row, or --rater, got neither'],
    ] as const) {
      await expect(importRows([good, { ...good, ...bad }])).rejects.toThrow(sentence);
    }
    await expect(importRows([{ ...good, label_0: 0.5 }], { asKnown: true })).rejects.toThrow(
      'expected a pair with a better image, got none',
    );
    expect(await said()).toEqual([]);
  });
});
