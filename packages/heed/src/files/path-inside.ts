/** Files that a list names: inside the list's folder, whatever the name says. */
import { lstat, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { InputError } from '../errors.ts';
import { quote } from '../text/nearest.ts';

/**
 * The real path of the regular file `name` inside `folder`; throws "expected ..., got ..." for anything else: an absolute
 * path, `..`, a URL, a link that leads out, something that is no file.
 */
export async function fileInside(folder: string, name: string): Promise<string> {
  if (/^[a-z][a-z0-9+.-]*:/i.test(name)) {
    throw new InputError(
      `expected the name of a file inside the folder, got the address ${quote(name)}, and none is fetched`,
    );
  }
  const parts = name.split(/[\\/]/);
  if (name === '' || name.includes('\0') || name.startsWith('~') || isAbsolute(name) || parts.includes('..')) {
    throw new InputError(`expected the name of a file inside the folder, got ${quote(name)}`);
  }
  const root = await realpath(folder);
  const path = join(root, name);
  const found = await realpath(path).catch(() => undefined);
  if (found === undefined) throw new InputError(`expected a file inside the folder, found no ${quote(name)}`);
  const within = relative(root, found);
  if (within === '' || within.startsWith(`..${sep}`) || within === '..' || isAbsolute(within)) {
    throw new InputError(`expected a file inside the folder, got ${quote(name)}, which leads out of it`);
  }
  if (!(await lstat(found)).isFile())
    throw new InputError(`expected a file, got ${quote(name)}, which is something else`);
  return found;
}
