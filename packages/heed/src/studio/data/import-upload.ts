/** Imports what was uploaded: the command line's own work, on files that are known by what they were called. */
import { extname } from 'node:path';
import { badInput, HeedError, InputError, isForUser, tellError } from '../../errors.ts';
import { importFeedbackFile } from '../../feedback/import-file.ts';
import type { EventWriter, FeedbackImport } from '../../feedback/import-judgements.ts';
import { type ImageImport, importImages, LIST_NAMES } from '../../import/index.ts';
import type { Project } from '../../project/project.ts';
import { quote } from '../../text/nearest.ts';
import type { UploadedFile } from './uploads.ts';

/** Judgements in one .csv or .json. */
export async function importUploadedFeedback(
  project: Project,
  files: readonly UploadedFile[],
  options: { write: EventWriter; rater?: string },
): Promise<FeedbackImport> {
  const [file] = files;
  if (!file || files.length > 1) throw badInput(`expected one file of judgements, got ${files.length}`);
  return named([file], () => importFeedbackFile(project, file.path, options));
}

/** Pictures and their list. */
export async function importUploadedImages(
  project: Project,
  files: readonly UploadedFile[],
  options: { set: string },
): Promise<ImageImport> {
  const list = findList(files);
  const pathOf = new Map(files.map((file) => [plainName(file.name), file.path]));
  const find = async (name: string) => {
    const path = pathOf.get(plainName(name));
    if (path === undefined)
      throw new InputError(`expected a file that was chosen along with the list, got ${quote(name)}`);
    return path;
  };
  return named([list], () => importImages(project, list.path, { ...options, find }));
}

function findList(files: readonly UploadedFile[]): UploadedFile {
  const known = LIST_NAMES.map((name) => files.find((file) => plainName(file.name) === name)).find(Boolean);
  if (known) return known;
  const lists = files.filter(({ path }) => ['.jsonl', '.csv'].includes(extname(path)));
  if (lists.length === 1) return lists[0]!;
  throw badInput(
    `expected a list of the pictures, ${LIST_NAMES.join(' or ')} with file_name and text, among the files, got ${lists.length}`,
  );
}

function plainName(name: string): string {
  return name.replace(/^\.\//, '');
}

/** Sentences name a file as its owner does, not where it lies on the server. */
async function named<T>(files: readonly UploadedFile[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isForUser(error)) throw error;
    const message = files.reduce((text, { path, name }) => text.replaceAll(path, quote(name)), error.message);
    throw new HeedError(message, { exitCode: tellError(error).exitCode, cause: error });
  }
}
