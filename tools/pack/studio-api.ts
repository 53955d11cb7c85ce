/** The package @heed/studio-api: the declarations behind the studio's routes, and those that they refer to. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

const IMPORT = /(?:\bfrom\s+|\bimport\()["']([^"'\n]+)["']/g;

/**
 * Copies the declarations that are reachable from `heed/src/studio/api.d.ts` in `compiled` to `folder`/dist. Returns the
 * names of the packages that they import.
 */
export async function stageStudioApi(compiled: string, folder: string): Promise<string[]> {
  const root = join(compiled, 'heed', 'src');
  const waiting = [join(root, 'studio', 'api.d.ts')];
  const seen = new Set(waiting);
  const packages = new Set<string>();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const text = await readFile(path, 'utf8');
    for (const [, specifier] of text.matchAll(IMPORT)) {
      if (!specifier!.startsWith('.')) {
        packages.add(packageOf(specifier!));
        continue;
      }
      const target = join(dirname(path), specifier!.replace(/\.js$/, '.d.ts'));
      if (seen.has(target)) continue;
      seen.add(target);
      waiting.push(target);
    }
    const copy = join(folder, 'dist', relative(root, path));
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(path, copy);
  }
  await writeFile(join(folder, 'dist', 'index.d.ts'), "export type * from './studio/api.js';\n");
  await writeFile(join(folder, 'dist', 'index.js'), 'export {};\n');
  return [...packages].filter((name) => !name.startsWith('node:')).sort();
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]!;
}
