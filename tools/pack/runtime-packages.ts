/**
 * One package a platform with ONNX Runtime's shared library alone, made of onnxruntime-node's own files. Their hashes
 * are pinned in `onnxruntime/SHA256SUMS`.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { ROOT } from './folders.ts';

export const RUNTIME_VERSION = '1.30.0';

const PINNED = join(ROOT, 'tools', 'pack', 'onnxruntime');
const LICENCE_FILES = ['LICENSE', 'ThirdPartyNotices.txt'];

export interface RuntimePackage {
  readonly name: string;
  /** As `process.platform` and `process.arch` spell them. */
  readonly platform: string;
  readonly architecture: string;
}

/** The platforms that onnxruntime-node ships a library for. */
export const RUNTIME_PACKAGES: readonly RuntimePackage[] = [
  ['linux', 'x64'],
  ['linux', 'arm64'],
  ['darwin', 'arm64'],
  ['win32', 'x64'],
  ['win32', 'arm64'],
].map(([platform, architecture]) => ({
  name: `@heed/runtime-${platform}-${architecture}`,
  platform: platform!,
  architecture: architecture!,
}));

/** Writes the package into `folder`. Throws where a file of onnxruntime-node is not the pinned one. */
export async function stageRuntime(runtime: RuntimePackage, folder: string): Promise<void> {
  const { name, platform, architecture } = runtime;
  const root = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  await mkdir(folder, { recursive: true });
  const sums: string[] = [];
  for (const { path, sha256 } of await pinnedFiles(`${platform}/${architecture}/`)) {
    const source = join(root, 'bin', 'napi-v6', path);
    const actual = createHash('sha256')
      .update(await readFile(source))
      .digest('hex');
    if (actual !== sha256) throw new Error(`${source}: expected SHA-256 ${sha256}, got ${actual}`);
    await copyFile(source, join(folder, basename(path)));
    sums.push(`${sha256}  ${basename(path)}\n`);
  }
  await writeFile(join(folder, 'SHA256SUMS'), sums.join(''));
  for (const file of LICENCE_FILES) await copyFile(join(PINNED, file), join(folder, file));
  await writeFile(join(folder, 'README.md'), readme(runtime));
  const manifest = {
    name,
    version: RUNTIME_VERSION,
    description: `ONNX Runtime's shared library for ${platform} ${architecture}, from onnxruntime-node ${RUNTIME_VERSION}.`,
    license: 'MIT',
    os: [platform],
    cpu: [architecture],
    ...(platform === 'linux' && { libc: ['glibc'] }),
  };
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function pinnedFiles(prefix: string): Promise<{ sha256: string; path: string }[]> {
  const lines = (await readFile(join(PINNED, 'SHA256SUMS'), 'utf8')).trim().split('\n');
  const files = lines.map((line) => ({ sha256: line.slice(0, 64), path: line.slice(66) }));
  return files.filter(({ path }) => path.startsWith(prefix));
}

function readme({ name, platform, architecture }: RuntimePackage): string {
  return `# ${name}

The shared library of ONNX Runtime ${RUNTIME_VERSION} for ${platform} on ${architecture}. heed loads it.
The files are those of the npm package onnxruntime-node ${RUNTIME_VERSION}, unchanged; SHA256SUMS has their hashes.
ONNX Runtime is under the MIT License (LICENSE); ThirdPartyNotices.txt names what it contains.
`;
}
