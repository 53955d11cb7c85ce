/**
 * The files that owners can download from the studio. Each file is first written completely to the studio's state
 * folder, then streamed to the browser, then removed.
 */
import { createReadStream } from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { exportComparisons } from '../../export/comparisons.ts';
import { exportLabelStudio, LABELLING_CONFIG } from '../../export/label-studio.ts';
import { labelStudioSteps } from '../../export/label-studio-steps.ts';
import { exportPairs } from '../../export/preference-pairs.ts';
import { exportFeedback, exportImages } from '../../export/tables.ts';
import type { Project } from '../../project/project.ts';
import { randomToken } from '../auth/secret.ts';

/** A file that is written when the owner requests it. */
export interface Download {
  readonly type: string;
  readonly write: (project: Project, path: string) => Promise<unknown>;
}

/** Downloads by file name. */
export const DOWNLOADS = {
  'feedback.csv': { type: 'text/csv; charset=utf-8', write: exportFeedback },
  'images.csv': { type: 'text/csv; charset=utf-8', write: exportImages },
  'label-studio.json': { type: 'application/json', write: (project, path) => exportLabelStudio(project, path) },
  'comparisons.csv': {
    type: 'text/csv; charset=utf-8',
    write: (project, path) => exportComparisons(project, path, { format: 'csv' }),
  },
  'comparisons.jsonl': {
    type: 'application/jsonl',
    write: (project, path) => exportComparisons(project, path, { format: 'jsonl' }),
  },
  'train.parquet': { type: 'application/vnd.apache.parquet', write: exportPairs },
} as const satisfies Record<string, Download>;

export type DownloadName = keyof typeof DOWNLOADS;

/** The names of the downloads as a list, from which a zod schema is made. */
export const DOWNLOAD_NAMES = Object.keys(DOWNLOADS) as [DownloadName, ...DownloadName[]];

/** The Label Studio configuration that fits label-studio.json, and the steps to import that file. */
export function labelStudioGuide({ folder, paths }: Project): { config: string; steps: string[] } {
  return {
    config: LABELLING_CONFIG,
    steps: labelStudioSteps({ folder, images: paths.images, tasks: 'label-studio.json' }),
  };
}

/**
 * Writes the file and opens it as a stream; closing the stream deletes the file. Throws when there is nothing to write.
 */
export async function openDownload(
  project: Project,
  { write }: Pick<Download, 'write'>,
): Promise<{ body: ReadableStream<Uint8Array>; bytes: number }> {
  const folder = join(project.paths.state, 'downloads', randomToken());
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'file');
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await write(project, path);
    const { size } = await stat(path);
    const file = createReadStream(path);
    file.once('close', () => void remove());
    return { body: Readable.toWeb(file) as ReadableStream<Uint8Array>, bytes: size };
  } catch (error) {
    await remove();
    throw error;
  }
}
