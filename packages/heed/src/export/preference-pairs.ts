/**
 * Exports preference pairs as parquet, with the columns of Pick-a-Pic's data set pickapic_v2. The DPO script of
 * diffusers reads the columns jpg_0, jpg_1, label_0 and caption. A pair is two images that one rater saw in one query
 * and judged differently: one good and one bad, or one better. In a tie, the labels of both images are 0.5. The images
 * are PNGs, although the names of the columns say JPEG.
 */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import { fileWriter, parquetWriteRows } from 'hyparquet-writer';
import { badInput } from '../errors.ts';
import { type Judgement, lastWords, openFeedbackLog, readRaters } from '../feedback/index.ts';
import { impliedPreferences, type PreferencePair, statedPreferences } from '../feedback/preferences.ts';
import { createImageStore, type ImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { mayLearnFrom } from '../reward/labelled-image.ts';
import { describeLeftOut, type LeftOut, leftOutOf } from '../reward/left-out.ts';
import { projectImages } from '../reward/project-images.ts';
import type { TableExport } from './tables.ts';

const ROWS_IN_A_GROUP = 100;

const COLUMNS = [
  { name: 'caption', type: 'STRING' },
  { name: 'jpg_0', type: 'BYTE_ARRAY' },
  { name: 'jpg_1', type: 'BYTE_ARRAY' },
  { name: 'label_0', type: 'DOUBLE' },
  { name: 'label_1', type: 'DOUBLE' },
  { name: 'has_label', type: 'BOOLEAN' },
  { name: 'are_different', type: 'BOOLEAN' },
  { name: 'image_0_uid', type: 'STRING' },
  { name: 'image_1_uid', type: 'STRING' },
  { name: 'best_image_uid', type: 'STRING' },
  { name: 'model_0', type: 'STRING' },
  { name: 'model_1', type: 'STRING' },
  { name: 'user_id', type: 'STRING' },
  { name: 'ranking_id', type: 'STRING' },
  { name: 'created_at', type: 'STRING' },
] as const;

/** The written pairs, and the judged images that are left out because models may not learn from these images. */
export interface PairsExport extends TableExport {
  readonly leftOut: readonly LeftOut[];
}

/**
 * Writes the pairs of all raters who are not excluded, if models may learn from both images. Throws when there are no
 * such pairs.
 */
export async function exportPairs(project: Project, file: string): Promise<PairsExport> {
  const images = createImageStore(project.paths.images);
  const all = await projectImages(project, images);
  const learnable = new Set(all.filter(mayLearnFrom).map(({ id }) => id));
  const raters = readRaters(project);
  const events = (await openFeedbackLog(project.paths.feedback).read()).filter(
    ({ rater }) => !raters.get(rater)?.isSetAside,
  );
  const judged = new Set([...lastWords(events), ...lastWords(events, { purpose: 'preference' })].map((e) => e.image));
  const leftOut = leftOutOf(all.filter(({ id }) => judged.has(id)));
  const pairs = [...impliedPreferences(events), ...statedPreferences(events)].filter(({ better, worse }) =>
    [better, worse].every(({ image }) => learnable.has(image)),
  );
  if (pairs.length === 0) {
    const found = [
      'expected two images of one query that one rater judged good and bad, found none',
      ...describeLeftOut(leftOut),
    ];
    throw badInput(`${found.join('; ')}; nothing was written`);
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomically(file, async (temporary) => {
    await parquetWriteRows({
      writer: fileWriter(temporary),
      columns: COLUMNS.map((column) => ({ ...column, nullable: false })),
      rows: rowsOf(pairs, images),
      rowGroupSize: ROWS_IN_A_GROUP,
      createdBy: 'heed',
    });
  });
  return { file, rows: pairs.length, leftOut };
}

async function* rowsOf(pairs: readonly PreferencePair[], images: ImageStore) {
  for (const { better, worse, isTie } of pairs) {
    // The order must not reveal the better image, so a hash decides it.
    const [first, second] = better.image < worse.image ? [better, worse] : [worse, better];
    const label = (judgement: Judgement) => (isTie ? 0.5 : Number(judgement === better));
    yield {
      caption: better.prompt,
      jpg_0: await images.readPng(first.image),
      jpg_1: await images.readPng(second.image),
      label_0: label(first),
      label_1: label(second),
      has_label: true,
      are_different: !isTie,
      image_0_uid: first.image,
      image_1_uid: second.image,
      best_image_uid: isTie ? '' : better.image,
      model_0: first.model,
      model_1: second.model,
      user_id: better.rater,
      ranking_id: better.query,
      created_at: better.time,
    };
  }
}
