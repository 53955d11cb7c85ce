/** A CSV of unjudged images. People fill the sheet in, and `heed label --import` imports it. */
import { join } from 'node:path';
import { groupBy } from '../collections/group-by.ts';
import { writeCsv } from '../files/write-csv.ts';
import { imageName } from '../images/image-name.ts';
import type { ImageRecord } from '../images/record.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { queryId } from './event.ts';
import { lastWords } from './judgements.ts';
import { openFeedbackLog } from './log.ts';

/**
 * Writes the sheet. The rows of one prompt's images are adjacent and grouped into queries of `label.imagesPerQuery`
 * images.
 */
export async function writeFeedbackSheet(
  project: Project,
  path: string,
  options: { set?: string } = {},
): Promise<{ images: number; file: string }> {
  const { set = 'train' } = options;
  const judged = new Set(lastWords(await openFeedbackLog(project.paths.feedback).read()).map(({ image }) => image));
  const open = createImageStore(project.paths.images)
    .all({ set })
    .filter(({ id }) => !judged.has(id));
  return writeSheet(project, path, open);
}

/** Writes a sheet of these images. */
export async function writeSheet(
  project: Project,
  path: string,
  open: readonly ImageRecord[],
): Promise<{ images: number; file: string }> {
  const prompts = groupBy(open, ({ prompt }) => prompt);
  const { imagesPerQuery } = project.config.label;
  const rows = [...prompts].flatMap(([prompt, images]) =>
    images.map(({ id, file }, i) => {
      const start = i - (i % imagesPerQuery);
      const shown = images.slice(start, start + imagesPerQuery);
      const query = queryId(
        prompt,
        shown.map((image) => image.id),
      );
      return {
        image: imageName(id),
        label: '',
        rater: '',
        reason: '',
        query,
        prompt,
        file: join(project.paths.images, file),
      };
    }),
  );
  await writeCsv(path, ['image', 'label', 'rater', 'reason', 'query', 'prompt', 'file'], rows);
  return { images: rows.length, file: path };
}
