/**
 * Warns about missing inputs of later stages before hours of generation and judging. Generation continues, since the
 * settings can still be changed. `checkClip` checks the reward's CLIP.
 */
import { stat } from 'node:fs/promises';
import { badInput, isBadInput } from '../errors.ts';
import { type Project, resolveInProject } from './project.ts';

/** Returns a sentence for each input that is missing or unreadable. */
export async function laterStageNotes(project: Project): Promise<string[]> {
  const { tune, evaluate } = project.config;
  return [
    ...(await complaint('heed tune', () => checkPretraining(project, tune.pretraining))),
    ...(await complaint('heed evaluate', () => checkReference(project, evaluate.reference))),
    ...(await complaint('heed evaluate', () => checkInception(project, evaluate))),
  ];
}

/** Returns the warning for a command; an empty list when the command's inputs are usable. */
async function complaint(command: string, check: () => Promise<void>): Promise<string[]> {
  try {
    await check();
    return [];
  } catch (error) {
    if (!isBadInput(error)) throw error;
    return [`${command} will stop: ${error.message}`];
  }
}

async function checkPretraining(project: Project, source: string): Promise<void> {
  const { tuneOptionsOf } = await import('../tune/options.ts');
  const { checkProjectPretraining } = await import('../tune/prepare.ts');
  if (tuneOptionsOf(project.config).streams.pretraining) await checkProjectPretraining(project, source);
}

async function checkReference(project: Project, reference: string): Promise<void> {
  if (reference === '') return;
  const { isStatisticsFile } = await import('../fid/statistics-file.ts');
  const { listPictures } = await import('../fid/pictures/picture-folder.ts');
  const path = resolveInProject(project, reference);
  if (!isStatisticsFile(path)) await listPictures(path);
  else if ((await stat(path).catch(() => undefined)) === undefined) {
    throw badInput(`evaluate.reference: expected a file of statistics, found nothing at ${path}`);
  }
}

/**
 * Checks the Inception weights. Weights on the Hugging Face hub are checked later, by the command that needs the
 * weights.
 */
async function checkInception(
  project: Project,
  { reference, inception }: { reference: string; inception: string },
): Promise<void> {
  if (reference === '' || inception === '') return;
  const { parseHubId } = await import('@heed/diffusion');
  const path = resolveInProject(project, inception);
  const isThere = (await stat(path).catch(() => undefined)) !== undefined;
  if (!isThere && parseHubId(inception)?.file === undefined) {
    throw badInput(`evaluate.inception: expected a file of weights, found nothing at ${path}`);
  }
}
