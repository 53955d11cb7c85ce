/** Compiles the packages with tsc: JavaScript (ES2023) with source maps, and declarations. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { PACKAGES, ROOT } from './folders.ts';

/** A relative specifier of a TypeScript file, as compilers spell it after `from` or in `import()`. */
export const TS_SPECIFIER = /((?:from|import)\s*\(?\s*)(["'])(\.{1,2}\/[^"']+)\.ts\2/g;

/**
 * Compiles `entries` (paths inside packages/) and all that they import. The result lies in `folder`, laid out as in
 * packages/. Throws after tsc has printed its errors.
 */
export async function compilePackages(entries: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const config = join(folder, 'tsconfig.json');
  const options = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      allowImportingTsExtensions: false,
      rewriteRelativeImportExtensions: true,
      declaration: true,
      sourceMap: true,
      inlineSources: true,
      typeRoots: [join(ROOT, 'node_modules', '@types')],
      rootDir: PACKAGES,
      outDir: folder,
    },
    files: entries.map((entry) => join(PACKAGES, entry)),
    include: [],
  };
  await writeFile(config, `${JSON.stringify(options, null, 2)}\n`);
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', config], { stdio: 'inherit' });
  if (status !== 0) throw new Error('tsc found errors in what is to be packed');
  await rewriteDeclarations(folder);
}

/** tsc rewrites './x.ts' in JavaScript alone; declarations get './x.js' here. */
async function rewriteDeclarations(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(folder, name);
    await writeFile(path, (await readFile(path, 'utf8')).replace(TS_SPECIFIER, '$1$2$3.js$2'));
  }
}
