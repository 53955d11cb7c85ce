/**
 * A site-packages folder as HEED_CUDA wants it, with the real CUDA provider of the wheel onnxruntime-gpu and the stub
 * libraries. The wheel (247 MB) is installed once into the user's cache.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeStubs } from './write-stubs.ts';

const WHEEL = 'onnxruntime-gpu==1.30.0';
const PLATFORM = ['--platform', 'manylinux_2_28_x86_64', '--python-version', '3.12', '--only-binary', ':all:'];

export interface StubSite {
  /** For HEED_CUDA. */
  readonly folder: string;
  /** For LD_LIBRARY_PATH, before node starts: the stub of the driver. */
  readonly driver: string;
}

/** Installs what is missing and builds the stubs again. */
export function stubSite(
  cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'heed', 'cuda-stub'),
): StubSite {
  const folder = join(cache, 'site-packages');
  const provider = join(folder, 'onnxruntime', 'capi', 'libonnxruntime_providers_cuda.so');
  if (!existsSync(provider)) {
    mkdirSync(cache, { recursive: true });
    // A transfer that was cut off leaves nothing that looks whole.
    rmSync(folder, { recursive: true, force: true });
    const python = process.env.HEED_PYTHON ?? 'python3';
    execFileSync(python, ['-m', 'pip', 'install', '--no-deps', ...PLATFORM, '--target', folder, WHEEL], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }
  const driver = join(cache, 'driver');
  writeStubs(provider, { libraries: join(folder, 'nvidia', 'stub', 'lib'), driver });
  return { folder, driver };
}
