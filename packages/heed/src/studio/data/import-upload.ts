/** Imports uploaded files with the functions of the command line; messages name the files by their original names. */
import { badInput, HeedError, isForUser, tellError } from '../../errors.ts';
import { importFeedbackFile } from '../../feedback/import-file.ts';
import type { EventWriter, FeedbackImport } from '../../feedback/import-judgements.ts';
import { type ImageImport, importImages } from '../../import/index.ts';
import type { Project } from '../../project/project.ts';
import { quote } from '../../text/nearest.ts';
import type { UploadedFile } from './uploads.ts';

/** Imports judgements from an upload, which must have exactly one .csv or .json file. */
export async function importUploadedFeedback(
  project: Project,
  files: readonly UploadedFile[],
  options: { write: EventWriter; rater?: string },
): Promise<FeedbackImport> {
  const [file] = files;
  if (!file || files.length > 1) throw badInput(`expected one file of judgements, got ${files.length}`);
  return named([file], () => importFeedbackFile(project, file.path, options));
}

/** Imports images from an upload, which has pictures and either a list of the pictures or their captions. */
export async function importUploadedImages(
  project: Project,
  files: readonly UploadedFile[],
  options: { set: string },
): Promise<ImageImport> {
  return named(files, () => importImages(project, files, options));
}

/** Replaces the server's paths in error messages by the original names of the uploaded files. */
async function named<T>(files: readonly UploadedFile[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isForUser(error)) throw error;
    const message = files.reduce((text, { path, name }) => text.replaceAll(path, quote(name)), error.message);
    throw new HeedError(message, { exitCode: tellError(error).exitCode, cause: error });
  }
}
