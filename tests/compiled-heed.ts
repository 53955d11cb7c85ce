/**
 * Vitest's global setup: heed as JavaScript, for the processes that tests start. bin/heed.mjs runs it where
 * HEED_COMPILED names it. The TypeScript loader would cost each process over a second.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { buildPages } from '../packages/studio-web/build/build-pages.ts';
import { TS_SPECIFIER } from '../tools/pack/compile.ts';
import { PACKAGES, ROOT } from '../tools/pack/folders.ts';
import { publishedManifest, readManifest } from '../tools/pack/manifest.ts';
import { PROGRAM } from '../tools/pack/pack.ts';

/** Packages of compiled files alone, and what else of each heed reads at run time. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  autodiff: [],
  diffusion: ['assets'],
  'emoji-world': ['assets'],
  heed: [],
};
const MIGRATIONS = 'studio/storage/migrations';

export async function setup(project: TestProject): Promise<void> {
  // Every project of the run has this setup.
  if (process.env.HEED_COMPILED !== undefined) return;
  // Inside the run's temporary folder. Other packages are the repository's, for what lies here alone: tarballs that a
  // test installs beside must not find them.
  const home = join(tmpdir(), 'compiled');
  const folder = join(home, 'heed', 'node_modules');
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'), 'junction');
  await compilePackages(folder);
  project.onTestsRerun(() => compilePackages(folder));
  process.env.HEED_COMPILED = join(folder, 'heed', 'dist', 'cli', 'main.js');
}

async function compilePackages(folder: string): Promise<void> {
  for (const [part, copied] of Object.entries(PARTS)) {
    const target = await writeManifest(folder, part);
    await compileFolder(join(PACKAGES, part, 'src'), join(target, 'dist'));
    for (const name of copied) cpSync(join(PACKAGES, part, name), join(target, name), { recursive: true });
  }
  const heed = join(folder, 'heed');
  cpSync(join(PACKAGES, 'heed', 'src', MIGRATIONS), join(heed, 'dist', MIGRATIONS), { recursive: true });
  write(join(heed, 'bin', 'heed.mjs'), PROGRAM);
  const web = await writeManifest(folder, 'studio-web', { '.': './dist/shipped-pages.js' });
  await compileFile(join(PACKAGES, 'studio-web', 'build', 'shipped-pages.ts'), join(web, 'dist', 'shipped-pages.js'));
  cpSync(await buildPages(), join(web, 'pages'), { recursive: true });
}

/** Writes the package.json that is published; returns the package's folder. */
async function writeManifest(folder: string, part: string, exports?: Record<string, string>): Promise<string> {
  const manifest = await readManifest(part);
  const target = join(folder, manifest.name);
  write(
    join(target, 'package.json'),
    JSON.stringify({ ...publishedManifest(manifest, {}), ...(exports && { exports }) }),
  );
  return target;
}

async function compileFolder(source: string, target: string): Promise<void> {
  for (const name of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
    await compileFile(join(source, name), join(target, name.replace(/\.ts$/, '.js')));
  }
}

async function compileFile(source: string, target: string): Promise<void> {
  const { code } = await transform(readFileSync(source, 'utf8'), {
    loader: 'ts',
    target: 'node20.19',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  write(target, code.replace(TS_SPECIFIER, '$1$2$3.js$2'));
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
