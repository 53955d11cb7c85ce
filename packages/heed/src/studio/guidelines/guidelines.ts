/**
 * Reads and writes guidelines.md in the project's folder, the owner's instructions for raters. The file may be edited
 * by hand as well.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '@heed/diffusion/files';
import type { Project } from '../../project/project.ts';

export const MAX_GUIDELINES_LENGTH = 20_000;

export interface Guidelines {
  /** The text; '' when the project has no guidelines. */
  readonly text: string;
  /** Changes with the text. */
  readonly version: string;
}

/** Reads the guidelines; text beyond the maximum length is left out. */
export async function readGuidelines(project: Project): Promise<Guidelines> {
  const text = await readFile(guidelinesPath(project), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return withVersion(text.slice(0, MAX_GUIDELINES_LENGTH));
}

/** Writes the guidelines. If the file has changed since `version`, nothing is written and the result is undefined. */
export async function writeGuidelines(
  project: Project,
  { text, version }: Guidelines,
): Promise<Guidelines | undefined> {
  if ((await readGuidelines(project)).version !== version) return undefined;
  await writeFileAtomically(guidelinesPath(project), text);
  return withVersion(text);
}

function withVersion(text: string): Guidelines {
  return { text, version: createHash('sha256').update(text).digest('hex').slice(0, 16) };
}

function guidelinesPath(project: Project): string {
  return join(project.folder, 'guidelines.md');
}
