/**
 * Chooses the prompts that are reserved for measurements during a run. The run does not learn from images of these
 * prompts, and no evaluation uses these prompts. Prompts without images are reserved first, because reserving them
 * loses no training data.
 */
import { findCheckedJson } from '@heed/diffusion/checked-json';
import { writeFileAtomically } from '@heed/diffusion/files';
import { z } from 'zod';
import type { ImageStore } from '../../images/index.ts';
import type { Project } from '../../project/index.ts';
import { projectPrompts, selectPrompts } from '../../prompts/index.ts';
import { mayLearnFrom } from '../../reward/labelled-image.ts';
import { projectImages } from '../../reward/project-images.ts';

/** At most this fraction of the prompts that have images is reserved. */
const MAX_SHARE = 0.1;
/** With fewer prompts than this, no prompt is reserved, because measurements would not be informative. */
export const FEWEST_KEPT_PROMPTS = 2;

const keptSchema = z.object({ prompts: z.array(z.string()) });

/**
 * The first call chooses up to `count` prompts and stores them in the file at `path`; later calls read that file. The
 * result is empty when the project has too few prompts.
 */
export async function keepPrompts(
  project: Project,
  { path, count, store }: { path: string; count: number; store: Pick<ImageStore, 'all'> },
): Promise<string[]> {
  const known = await findCheckedJson(path, { what: 'the prompts kept for choosing', schema: keptSchema });
  if (known !== undefined) return known.prompts;
  const { learning, evaluation } = await projectPrompts(project);
  const evaluated = new Set(evaluation.map(({ text }) => text));
  const images = (await projectImages(project, store)).filter(mayLearnFrom);
  const drawn = new Set(images.map(({ prompt }) => prompt));
  const free = learning.filter(({ text }) => !evaluated.has(text));
  const unused = free.filter(({ text }) => !drawn.has(text));
  const used = free.filter(({ text }) => drawn.has(text));
  const chosen = selectSome(unused, count);
  const missing = Math.min(count - chosen.length, Math.floor(MAX_SHARE * drawn.size));
  const prompts = [...chosen, ...selectSome(used, missing)].map(({ text }) => text);
  const kept = prompts.length < FEWEST_KEPT_PROMPTS ? [] : prompts;
  await writeFileAtomically(path, `${JSON.stringify({ prompts: kept }, null, 2)}\n`);
  return kept;
}

/** Calls `selectPrompts`, but returns no prompts when `count` is 0. */
function selectSome<T extends Parameters<typeof selectPrompts>[0][number]>(prompts: readonly T[], count: number) {
  return count <= 0 ? [] : selectPrompts(prompts, Math.min(count, prompts.length));
}
