/** Loads NVIDIA's driver and libraries before the CUDA provider asks for them, and says what is missing. */
import koffi from 'koffi';
import { InputError } from '../../errors.ts';
import { pinLibrary } from '../pin-library.ts';
import { CUDA_MAJOR, CUDA_VARIABLE, type CudaSite, cudaSite, DRIVER } from './site.ts';

/** Loaded libraries, so that none is unloaded. */
const kept: unknown[] = [];

/** Checks the driver and loads the libraries of HEED_CUDA. Throws InputError with what is missing. */
export function preloadCuda(): void {
  const site = cudaSite();
  checkDriver();
  if (site !== undefined) loadLibraries(site);
}

function checkDriver(): void {
  const driver = load('libcuda.so.1');
  if (driver === undefined) throw new InputError('no NVIDIA driver: libcuda.so.1 cannot be loaded');
  const version = new Int32Array(1);
  const status = driver.func('cuDriverGetVersion', 'int', ['void *'])(version) as number;
  const major = Math.floor(version[0]! / 1000);
  if (status !== 0 || major < CUDA_MAJOR) {
    throw new InputError(`an NVIDIA driver for CUDA ${major}, where CUDA ${CUDA_MAJOR} needs ${DRIVER} or newer`);
  }
}

function loadLibraries({ libraries }: CudaSite): void {
  for (const path of libraries) {
    if (load(path) === undefined) throw new InputError(`${CUDA_VARIABLE}: ${path}, which cannot be loaded`);
  }
}

function load(path: string): ReturnType<typeof koffi.load> | undefined {
  try {
    pinLibrary(path);
    const library = koffi.load(path, { global: true });
    kept.push(library);
    return library;
  } catch {
    return undefined;
  }
}
