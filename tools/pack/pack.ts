/** Makes every package: compiles, stages the files of each in a folder, and packs the folder with npm. */
import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compilePackages } from './compile.ts';
import { PACKAGES, ROOT, stagedFolder } from './folders.ts';
import { type Manifest, publishedManifest, publishedSources, readManifest } from './manifest.ts';
import { stagePages } from './pages.ts';
import { RUNTIME_PACKAGES, stageRuntime } from './runtime-packages.ts';
import { stageStudioApi } from './studio-api.ts';

/** A package of the repository: what its tarball holds besides package.json, README, LICENSE and NOTICE. */
interface Part {
  readonly folder: string;
  /** Compiled files that no export names, inside src/. */
  readonly programs?: readonly string[];
  /** Folders and files that are copied as they are, from and to. */
  readonly copied?: Readonly<Record<string, string>>;
}

const PARTS: readonly Part[] = [
  { folder: 'autodiff' },
  { folder: 'diffusion', copied: { assets: 'assets' } },
  { folder: 'emoji-world', copied: { assets: 'assets' } },
  {
    folder: 'heed',
    programs: ['cli/main.ts', 'studio/api.ts'],
    copied: { 'src/studio/storage/migrations': 'dist/studio/storage/migrations' },
  },
  { folder: 'tiny-sd', copied: { models: 'models' } },
];

/** What starts the packed heed, in place of the repository's bin/heed.mjs. */
export const PROGRAM = `#!/usr/bin/env node
await import('../dist/cli/main.js');
`;

export interface Tarball {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
}

/**
 * Packs everything into `output`/tarballs. With `thisPlatform`, of the runtime's packages only that of this machine.
 */
export async function pack({ output, thisPlatform }: { output: string; thisPlatform: boolean }): Promise<Tarball[]> {
  const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { engines: unknown };
  const compiled = join(output, 'compiled');
  const manifests = new Map<string, Manifest>();
  for (const { folder } of PARTS) manifests.set(folder, await readManifest(folder));
  const entries = PARTS.flatMap(({ folder, programs = [] }) =>
    [...publishedSources(manifests.get(folder)!), ...programs].map((source) => `${folder}/src/${source}`),
  );
  await compilePackages([...entries, 'studio-web/build/shipped-pages.ts'], compiled);

  const names: string[] = [];
  for (const part of PARTS) {
    const manifest = manifests.get(part.folder)!;
    names.push(manifest.name);
    await stagePart(part, { from: compiled, to: stagedFolder(output, manifest.name) });
    await writeManifest(output, manifest, publishedManifest(manifest, engines));
  }
  const web = await readManifest('studio-web');
  const api = await readManifest('studio-api');
  const folderOf = ({ name }: Manifest) => stagedFolder(output, name);
  await stagePages({ compiled: join(compiled, 'studio-web', 'build'), folder: folderOf(web) });
  await writeManifest(output, web, { ...publishedManifest(web, engines), exports: SHIPPED_PAGES });
  await stageStudioApi(compiled, folderOf(api));
  await writeManifest(output, api, { ...publishedManifest(api, engines), exports: TYPES_ONLY });
  for (const runtime of RUNTIME_PACKAGES) {
    if (thisPlatform && (runtime.platform !== process.platform || runtime.architecture !== process.arch)) continue;
    names.push(runtime.name);
    await stageRuntime(runtime, stagedFolder(output, runtime.name));
  }
  const tarballs: Tarball[] = [];
  for (const name of [...names, web.name, api.name]) tarballs.push(await npmPack(output, name));
  return tarballs;
}

const TYPES_ONLY = {
  '.': { types: './dist/index.d.ts', default: './dist/index.js' },
  './package.json': './package.json',
};

const SHIPPED_PAGES = {
  '.': { types: './dist/shipped-pages.d.ts', default: './dist/shipped-pages.js' },
  './package.json': './package.json',
};

async function stagePart({ folder, copied = {} }: Part, { from, to }: { from: string; to: string }): Promise<void> {
  const source = join(PACKAGES, folder);
  await mkdir(to, { recursive: true });
  if (folder !== 'tiny-sd') await cp(join(from, folder, 'src'), join(to, 'dist'), { recursive: true });
  for (const [path, target] of Object.entries(copied))
    await cp(join(source, path), join(to, target), { recursive: true });
  if (folder !== 'heed') return;
  await mkdir(join(to, 'bin'));
  await writeFile(join(to, 'bin', 'heed.mjs'), PROGRAM);
  await chmod(join(to, 'bin', 'heed.mjs'), 0o755);
}

async function writeManifest(output: string, { name, description }: Manifest, published: unknown): Promise<void> {
  const folder = stagedFolder(output, name);
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
  await writeFile(join(folder, 'README.md'), `# ${name}\n\n${description}\n`);
  for (const file of ['LICENSE', 'NOTICE']) await cp(join(ROOT, file), join(folder, file));
}

async function npmPack(output: string, name: string): Promise<Tarball> {
  const tarballs = join(output, 'tarballs');
  await mkdir(tarballs, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', tarballs];
  const { stdout } = await promisify(execFile)('npm', args, {
    cwd: stagedFolder(output, name),
    maxBuffer: 64 << 20,
    shell: process.platform === 'win32',
  });
  const [packed] = JSON.parse(stdout) as { filename: string; size: number; unpackedSize: number }[];
  const { filename, size, unpackedSize } = packed!;
  const file = join(tarballs, filename.replace('@', '').replace('/', '-'));
  return { name, file, packedBytes: size, unpackedBytes: unpackedSize };
}
