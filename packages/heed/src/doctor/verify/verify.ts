/**
 * `heed doctor --verify`: compares a project's pictures, judgements and models with the hashes recorded at writing, and
 * names every damaged file and line. Nothing is repaired. For files without recorded hashes, heed records the hashes
 * now and prints a note.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderHashes, readFolderHashes, writeFolderHashes } from '../../checkpoint/folder-hashes.ts';
import { MANIFEST_FILE, readManifest } from '../../checkpoint/manifest.ts';
import { isBadInput, isForUser } from '../../errors.ts';
import { parseFeedbackEvent } from '../../feedback/event.ts';
import { parseRaterEvent, ratersPath } from '../../feedback/raters.ts';
import { IMAGE_EVENTS_FILE, IMAGE_INDEX_FILE, parseImageEvent } from '../../images/index.ts';
import type { ProgressFactory } from '../../progress/progress.ts';
import { type Project, withLock } from '../../project/index.ts';
import { ownersPath, parseOwnerEvent } from '../../studio/auth/owners.ts';
import { comparisonsPath, parseComparisonEvent } from '../../studio/comparing/comparison-log.ts';
import { parseRunEvent, runEventsPath } from '../../studio/runs/run-events.ts';
import { parseTry, triesPath } from '../../try/try-log.ts';
import { verifyFolder } from './verify-folder.ts';
import { verifyLines } from './verify-lines.ts';
import { verifyPictures } from './verify-pictures.ts';
import { createJudgedPictures, modelFaults } from './verify-references.ts';

/** A file or a line that differs from its recorded hash. */
export interface Damage {
  /** Path relative to the project's folder, with slashes. */
  readonly path: string;
  /** Description of the damage as a sentence without a subject; for a file of lines, with the line number. */
  readonly fault: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** Number of checked items of each kind. */
  readonly counts: Readonly<Record<'pictures' | 'judgements' | 'comparisons' | 'models' | 'checkpoints', number>>;
  readonly damage: readonly Damage[];
  /** Sentences on files that could not be compared, and why. */
  readonly notes: readonly string[];
}

interface Verification {
  readonly project: Project;
  readonly progress: ProgressFactory;
  readonly signal: AbortSignal;
  readonly damage: Damage[];
  readonly notes: string[];
}

/** Checks the whole project. Rejects with an AbortError when `signal` fires. */
export async function verifyProject(
  project: Project,
  { progress, signal }: { progress: ProgressFactory; signal: AbortSignal },
): Promise<VerifyReport> {
  const work: Verification = { project, progress, signal, damage: [], notes: [] };
  const imageEvents = join(project.paths.images, IMAGE_EVENTS_FILE);
  await linesOf(work, { path: imageEvents, parse: parseImageEvent, lock: 'studio' });
  const pictures = await picturesOf(work);
  const { feedback } = project.paths;
  const judged = createJudgedPictures();
  const judgements = await linesOf(work, {
    path: feedback,
    parse: parseFeedbackEvent,
    lock: 'label',
    onLine: judged.add,
  });
  // A damaged index has been named already.
  if (pictures.isIndexWhole) work.damage.push(...judged.faults(pictures.listed));
  await linesOf(work, { path: ratersPath(project), parse: parseRaterEvent, lock: 'label' });
  const comparisons = await linesOf(work, {
    path: comparisonsPath(project),
    parse: parseComparisonEvent,
    lock: 'studio',
  });
  await linesOf(work, { path: triesPath(project), parse: parseTry, lock: 'try' });
  await linesOf(work, { path: ownersPath(project), parse: parseOwnerEvent, lock: 'studio' });
  await linesOf(work, { path: runEventsPath(project), parse: parseRunEvent, lock: 'studio' });
  const models = await modelsOf(work);
  const checkpoints = await checkpointsOf(work);
  const { damage, notes } = work;
  const counts = { pictures: pictures.listed.size, judgements, comparisons, models, checkpoints };
  return { ok: damage.length === 0, counts, damage, notes };
}

async function picturesOf({
  project,
  progress,
  signal,
  damage,
  notes,
}: Verification): Promise<{ listed: ReadonlySet<string>; isIndexWhole: boolean }> {
  let bar: ReturnType<ProgressFactory> | undefined;
  const found = await verifyPictures(project.paths.images, {
    signal,
    onPicture(done, total) {
      bar ??= progress({ total, label: 'verify pictures', unit: 'picture' });
      bar.update(done);
    },
  });
  bar?.done();
  const index = `images/${IMAGE_INDEX_FILE}`;
  damage.push(...found.index.faults.map((fault) => ({ path: index, fault })));
  damage.push(...found.faults.map(({ path, fault }) => ({ path: `images/${path}`, fault })));
  if (found.unlisted > 0) notes.push(`images: ${found.unlisted} pictures are not in the index, as a crash leaves them`);
  await recordLines({ project, damage, notes }, { path: index, lines: found.index, lock: 'generate' });
  return { listed: found.listed, isIndexWhole: found.index.faults.length === 0 };
}

async function linesOf(
  work: Verification,
  {
    path,
    parse,
    lock,
    onLine,
  }: { path: string; parse: (value: unknown) => unknown; lock: string; onLine?: (value: unknown) => void },
): Promise<number> {
  const name = path.slice(work.project.folder.length + 1).replaceAll('\\', '/');
  const megabytes = (await sizeOf(path)) / 1e6;
  const bar =
    megabytes < 1 ? undefined : work.progress({ total: Math.ceil(megabytes), label: `verify ${name}`, unit: 'MB' });
  const onBytes = (bytes: number) => bar?.update(Math.floor(bytes / 1e6));
  const lines = await verifyLines(path, { parse, signal: work.signal, onBytes, ...(onLine ? { onLine } : {}) });
  bar?.done();
  work.damage.push(...lines.faults.map((fault) => ({ path: name, fault })));
  await recordLines(work, { path: name, lines, lock });
  return lines.lines;
}

/**
 * Records the checksums of lines that have none. While another process appends to the file, that process records the
 * checksums itself.
 */
async function recordLines(
  { project, notes }: Pick<Verification, 'project' | 'notes' | 'damage'>,
  { path, lines, lock }: { path: string; lines: Awaited<ReturnType<typeof verifyLines>>; lock: string },
): Promise<void> {
  if (lines.unrecorded === 0 || lines.faults.length > 0) return;
  const what = `${path}: ${lines.unrecorded} of ${lines.lines} lines had no record`;
  try {
    await withLock(project, lock, () => lines.record());
    notes.push(`${what} and were recorded as they are now`);
  } catch (error) {
    if (!isForUser(error)) throw error;
    notes.push(`${what} (${error.message})`);
  }
}

async function modelsOf(verification: Verification): Promise<number> {
  const { project, signal, notes, damage } = verification;
  const names = await foldersIn(project.paths.models);
  const { runs, models } = project.paths;
  damage.push(...(await modelFaults(runs, await foldersIn(runs), models)));
  return verifyFolders(verification, {
    names: names.map((name) => `models/${name}`),
    what: 'model',
    recorded: readFolderHashes,
    async unrecorded(path, folder) {
      await writeFolderHashes(folder, { signal });
      notes.push(`${path}: had no recorded hashes; those of its files as they are now were recorded`);
    },
  });
}

async function checkpointsOf(verification: Verification): Promise<number> {
  const { project, notes } = verification;
  const names: string[] = [];
  for (const run of await foldersIn(project.paths.runs)) {
    for (const step of await foldersIn(join(project.paths.runs, run, 'checkpoints'))) {
      names.push(`runs/${run}/checkpoints/${step}`);
    }
  }
  return verifyFolders(verification, {
    names,
    what: 'checkpoint',
    recorded: async (folder) => (await readManifest(folder))?.files,
    async unrecorded(path) {
      notes.push(`${path}: has no ${MANIFEST_FILE}, as a crash leaves it; the next run passes it over`);
    },
  });
}

interface RecordedFolders {
  /** Paths in the project. */
  readonly names: readonly string[];
  readonly what: 'model' | 'checkpoint';
  /** The recorded hashes of the folder's files; undefined where none are recorded. */
  readonly recorded: (folder: string) => Promise<FolderHashes | undefined>;
  readonly unrecorded: (path: string, folder: string) => Promise<void>;
}

/** Compares folders with their recorded hashes; returns the number of folders. */
async function verifyFolders(
  { project, progress, signal, damage }: Verification,
  { names, what, recorded, unrecorded }: RecordedFolders,
): Promise<number> {
  if (names.length === 0) return 0;
  const bar = progress({ total: names.length, label: `verify ${what}s`, unit: what });
  for (const [i, path] of names.entries()) {
    const folder = join(project.folder, path);
    try {
      const hashes = await recorded(folder);
      if (hashes === undefined) await unrecorded(path, folder);
      else {
        const faults = await verifyFolder(folder, hashes, { signal });
        damage.push(...faults.map((each) => ({ path: `${path}/${each.path}`, fault: each.fault })));
      }
    } catch (error) {
      if (!isBadInput(error)) throw error;
      damage.push({ path, fault: error.message });
    }
    bar.update(i + 1);
  }
  bar.done();
  return names.length;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Names of the subfolders, without hidden ones such as unfinished folders. */
async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const names = entries.map(({ name }) => name).filter((name) => !name.startsWith('.'));
  // A model may be a link to another disk.
  const kinds = await Promise.all(names.map((name) => stat(join(path, name)).catch(() => undefined)));
  return names.filter((_, i) => kinds[i]?.isDirectory()).sort();
}
