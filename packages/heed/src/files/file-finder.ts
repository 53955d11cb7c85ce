/**
 * Finds the files that an imported list names; files outside the list's folder are refused. Lists come from other
 * systems, so a name in the list can differ from the name on disk in slashes, case and Unicode normalisation.
 */
import { lstat, readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { InputError } from '../errors.ts';
import { quote } from '../text/nearest.ts';

/**
 * Returns the path of the file that a list calls `name`. When there is no such file, throws an `InputError` whose
 * message does not name the list.
 */
export type FileFinder = (name: string) => Promise<string>;

/**
 * Finds regular files inside `folder` by their real paths. The finder refuses `..`, URLs, links to places outside
 * `folder`, anything but a regular file, and absolute paths outside `folder`.
 */
export function createFileFinder(folder: string): FileFinder {
  const listings = new Map<string, Promise<string[]>>();
  const list = (path: string) => {
    const known = listings.get(path) ?? readdir(path).catch(() => []);
    listings.set(path, known);
    return known;
  };
  let root: Promise<string> | undefined;
  return async (name) => {
    root ??= realpath(folder);
    return find(name, { root: await root, list });
  };
}

async function find(
  name: string,
  { root, list }: { root: string; list: (path: string) => Promise<string[]> },
): Promise<string> {
  const isWindowsPath = /^[a-z]:[\\/]/i.test(name) || name.startsWith('\\\\');
  if (!isWindowsPath && /^[a-z][a-z0-9+.-]*:/i.test(name)) {
    throw new InputError(
      `expected the name of a file inside the folder, got the address ${quote(name)}, and none is fetched`,
    );
  }
  const parts = name.split(/[\\/]/);
  if (name === '' || name.includes('\0') || name.startsWith('~') || isWindowsPath || parts.includes('..')) {
    throw new InputError(`expected the name of a file inside the folder, got ${quote(name)}`);
  }
  const path = isAbsolute(name) ? name : await spelledAsThere(root, name, list);
  const found = path === undefined ? undefined : await realpath(path).catch(() => undefined);
  const within = found === undefined ? undefined : relative(root, found);
  const leadsOut =
    within !== undefined && (within === '' || within.startsWith(`..${sep}`) || within === '..' || isAbsolute(within));
  if (isAbsolute(name) && (found === undefined || leadsOut)) {
    throw new InputError(`expected the name of a file inside the folder, got ${quote(name)}`);
  }
  if (found === undefined) throw new InputError(`expected a file inside the folder, found no ${quote(name)}`);
  if (leadsOut) throw new InputError(`expected a file inside the folder, got ${quote(name)}, which leads out of it`);
  if (!(await lstat(found)).isFile()) {
    throw new InputError(`expected a file, got ${quote(name)}, which is something else`);
  }
  return found;
}

/** The path as spelled on disk; undefined unless exactly one entry matches the name. */
async function spelledAsThere(
  root: string,
  name: string,
  list: (path: string) => Promise<string[]>,
): Promise<string | undefined> {
  const exact = join(root, name);
  if (await lstat(exact).catch(() => undefined)) return exact;
  let path = root;
  for (const part of name.split(/[\\/]/).filter((each) => each !== '' && each !== '.')) {
    const names = await list(path);
    const found = [(text: string) => text, plain, (text: string) => plain(text).toLowerCase()]
      .map((spell) => names.filter((each) => spell(each) === spell(part)))
      .find((same) => same.length === 1)?.[0];
    if (found === undefined) return undefined;
    path = join(path, found);
  }
  return path;
}

/** Normalises a name: macOS stores é as two characters, other systems as one. */
function plain(text: string): string {
  return text.normalize('NFC');
}
