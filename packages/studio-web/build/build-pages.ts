/**
 * Builds the studio's web pages into `dist/<hash of the sources>/`, at the first start of the studio and after a change
 * of the sources. A build takes a second or two, so `npm ci` needs no build step. This module runs in Node, not in the
 * browser. The published heed contains pages that are built already, and has `shipped-pages.ts` in place of this file.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadingTexts } from './loading-texts.ts';

/** The folder of index.html. */
export const PAGES_ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Vite options that are the same for the build and for the development server. */
export const pageOptions = {
  configFile: false as const,
  oxc: { jsx: { runtime: 'automatic' as const } },
  plugins: [loadingTexts],
};

const DIST_FOLDER = join(PAGES_ROOT, 'dist');

/** Builds the pages if necessary and returns the folder of the static files; `onBuild` is called before a build. */
export async function buildPages(options: { onBuild?: () => void } = {}): Promise<string> {
  const folder = join(DIST_FOLDER, await hashOfSources());
  if (existsSync(folder)) return folder;
  options.onBuild?.();
  await mkdir(DIST_FOLDER, { recursive: true });
  // Built aside and renamed: two starts at once each build, and one of the two equal results stays.
  const building = await mkdtemp(join(DIST_FOLDER, '.building-'));
  try {
    await writePages(building);
    await rename(building, folder).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return folder;
}

/** Empties the folder and builds the pages into it. */
export async function writePages(folder: string): Promise<void> {
  const { build } = await import('vite');
  await build({
    ...pageOptions,
    root: PAGES_ROOT,
    logLevel: 'error',
    // Images inside style sheets would need a policy that allows data: addresses.
    build: { outDir: folder, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  });
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const names = ['package.json', 'index.html'];
  for (const part of ['build', 'src']) {
    const inside = await readdir(join(PAGES_ROOT, part), { recursive: true, withFileTypes: true });
    for (const entry of inside) if (entry.isFile()) names.push(join(entry.parentPath, entry.name));
  }
  for (const name of names.sort()) {
    const path = name.startsWith(PAGES_ROOT) ? name : join(PAGES_ROOT, name);
    hash
      .update(path.slice(PAGES_ROOT.length))
      .update('\0')
      .update(await readFile(path))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}
