/**
 * Images with their prompts and labels as Hugging Face's imagefolder: `train/` and `test/` with PNGs and a
 * metadata.jsonl each, and a card. Images that models may not learn from form the test split.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFolderAtomically } from '@heed/diffusion/files';
import { groupBy } from '../collections/group-by.ts';
import { badInput } from '../errors.ts';
import { type Judgement, lastWords, openFeedbackLog, readRaters } from '../feedback/index.ts';
import { writeJsonRows } from '../files/write-json.ts';
import type { ImageRecord } from '../images/record.ts';
import { createImageStore } from '../images/store.ts';
import type { Project } from '../project/project.ts';
import { mayLearnFrom } from '../reward/labelled-image.ts';
import { projectImages } from '../reward/project-images.ts';
import type { TableExport } from './tables.ts';

/**
 * Writes the folder, which must not exist yet, atomically. If `set` is given, only the images of that set are exported.
 */
export async function exportImageFolder(
  project: Project,
  target: string,
  options: { set?: string } = {},
): Promise<TableExport> {
  const { set } = options;
  const folder = resolve(target);
  if (existsSync(folder)) {
    throw badInput(`${folder}: expected nothing of that name, found something; nothing was written`);
  }
  const store = createImageStore(project.paths.images);
  const images = await projectImages(project, store, { set });
  if (images.length === 0) {
    throw badInput(`expected images${set === undefined ? '' : ` in set '${set}'`}, found none; nothing was written`);
  }
  const raters = readRaters(project);
  const judged = groupBy(
    lastWords(await openFeedbackLog(project.paths.feedback).read()).filter(
      ({ rater }) => !raters.get(rater)?.isSetAside,
    ),
    ({ image }) => image,
  );
  const splits = groupBy(images, (image) => (mayLearnFrom(image) ? 'train' : 'test'));
  await writeFolderAtomically(folder, async (temporary) => {
    for (const [split, own] of splits) {
      await mkdir(join(temporary, split), { recursive: true });
      for (const { id } of own) await writeFile(join(temporary, split, `${id}.png`), await store.readPng(id));
      await writeJsonRows(
        join(temporary, split, 'metadata.jsonl'),
        own.map((image) => rowOf(image, judged.get(image.id) ?? [])),
      );
    }
    await writeFile(join(temporary, 'README.md'), card([...splits].map(([split, own]) => [split, own.length])));
  });
  return { file: folder, rows: images.length };
}

function rowOf({ id, prompt, category, set, model, seed }: ImageRecord, judgements: readonly Judgement[]) {
  const count = (wanted: Judgement['label']) => judgements.filter(({ label }) => label === wanted).length;
  const [good, bad, skipped] = [count('good'), count('bad'), count('skip')];
  const label = good + bad === 0 ? null : good / (good + bad);
  return { file_name: `${id}.png`, text: prompt, label, good, bad, skipped, category, set, model, seed };
}

function card(splits: readonly (readonly [string, number])[]): string {
  return `---
task_categories:
- text-to-image
tags:
- heed
- human-feedback
---

Images that a text-to-image model drew (or that were imported), each with its prompt and what raters said of it, exported by heed.

| split | images |
|---|---|
${splits.map(([split, count]) => `| ${split} | ${count} |`).join('\n')}

\`text\` is the prompt, \`label\` the share of raters who called the image good (null without a judgement), \`good\`, \`bad\` and \`skipped\`
how many said so. The raters may have been simulated; \`heed export feedback\` tells who said what.
`;
}
