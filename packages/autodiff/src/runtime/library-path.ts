/**
 * Finds the shared library of ONNX Runtime. An installed heed has the library in a package for the platform; the
 * repository has it in onnxruntime-node. Loads nothing.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InputError } from '../errors.ts';

/**
 * Environment variable that names another ONNX Runtime library: a build of the same version with further execution
 * providers, such as CUDA.
 */
const OVERRIDE = 'HEED_ONNXRUNTIME';

const LIBRARY_NAMES: Partial<Record<NodeJS.Platform, string>> = {
  linux: 'libonnxruntime.so.1',
  darwin: 'libonnxruntime.1.dylib',
  win32: 'onnxruntime.dll',
};

export interface LibraryPlace {
  readonly platform?: NodeJS.Platform;
  /** Architecture in the spelling of `process.arch`. */
  readonly architecture?: string;
  /** Whether a file exists. */
  readonly exists?: (path: string) => boolean;
  /** Folder of an installed package; undefined when it is not installed. */
  readonly packageFolder?: (name: string) => string | undefined;
  readonly override?: string | undefined;
}

/**
 * Path of the library for a platform. Throws InputError when no package ships one, or when HEED_ONNXRUNTIME names a
 * missing file.
 */
export function libraryPath({
  platform = process.platform,
  architecture = process.arch,
  exists = existsSync,
  packageFolder = folderOf,
  override = process.env[OVERRIDE],
}: LibraryPlace = {}): string {
  if (override) {
    if (exists(override)) return override;
    throw new InputError(`${OVERRIDE}: expected the path of an ONNX Runtime library, got ${override}: no such file`);
  }
  const name = LIBRARY_NAMES[platform];
  const ours = `@heed/runtime-${platform}-${architecture}`;
  const folders = [
    { package: ours, inside: [] },
    { package: 'onnxruntime-node', inside: ['bin', 'napi-v6', platform, architecture] },
  ];
  for (const { package: packageName, inside } of name === undefined ? [] : folders) {
    const root = packageFolder(packageName);
    const path = root === undefined ? undefined : join(root, ...inside, name!);
    if (path !== undefined && exists(path)) return path;
  }
  throw new InputError(
    `ONNX Runtime: expected the package ${ours}, got none for ${platform}/${architecture}; ` +
      `${OVERRIDE} names a library of your own`,
  );
}

function folderOf(name: string): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}
