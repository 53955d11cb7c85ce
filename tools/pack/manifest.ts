/** package.json of the repository, read and turned into the one that is published. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGES } from './folders.ts';
import { RUNTIME_PACKAGES, RUNTIME_VERSION } from './runtime-packages.ts';

/** A package.json, as far as packing knows it. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly type: 'module';
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Keys of exports that only tests of the repository import. */
const FOR_TESTS = './testing/';

export async function readManifest(folderName: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(PACKAGES, folderName, 'package.json'), 'utf8'));
}

/** The TypeScript files behind a package's published exports: './index.ts' for './src/index.ts'. */
export function publishedSources({ exports = {} }: Manifest): string[] {
  return Object.entries(exports)
    .filter(([key, path]) => !key.startsWith(FOR_TESTS) && path.startsWith('./src/'))
    .map(([, path]) => path.slice('./src/'.length));
}

/**
 * The published manifest: compiled files in place of sources, and the runtime's packages in place of onnxruntime-node.
 * `engines` is the repository's.
 */
export function publishedManifest(manifest: Manifest, engines: unknown): Record<string, unknown> {
  const { name, version, description, license, type, bin, dependencies, peerDependencies, peerDependenciesMeta } =
    manifest;
  const { 'onnxruntime-node': runtime, ...others } = dependencies ?? {};
  if (runtime !== undefined && runtime !== RUNTIME_VERSION) {
    throw new Error(`${name}: expected onnxruntime-node ${RUNTIME_VERSION}, got ${runtime}`);
  }
  return {
    ...{ name, version, description, license, type, engines },
    ...(bin && { bin }),
    exports: { ...publishedExports(manifest), './package.json': './package.json' },
    ...(Object.keys(others).length > 0 && { dependencies: others }),
    ...(runtime && {
      optionalDependencies: Object.fromEntries(RUNTIME_PACKAGES.map(({ name }) => [name, RUNTIME_VERSION])),
    }),
    ...(peerDependencies && { peerDependencies, peerDependenciesMeta }),
  };
}

function publishedExports({ exports = {} }: Manifest): Record<string, unknown> {
  const published = Object.entries(exports).filter(([key]) => !key.startsWith(FOR_TESTS));
  return Object.fromEntries(published.map(([key, path]) => [key, publishedExport(path)]));
}

function publishedExport(path: string): unknown {
  if (!path.endsWith('.ts')) return path;
  const compiled = path.replace('./src/', './dist/').replace(/\.ts$/, '');
  return { types: `${compiled}.d.ts`, default: `${compiled}.js` };
}
