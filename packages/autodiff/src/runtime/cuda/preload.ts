/** Checks CUDA's requirements before a session is created, and loads NVIDIA's libraries for the CUDA provider. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import koffi from 'koffi';
import { InputError } from '../../errors.ts';
import { libraryPath } from '../library-path.ts';
import { localDeviceId } from '../local-device.ts';
import { pinLibrary } from '../pin-library.ts';
import { CUDA_MAJOR, CUDA_VARIABLE, type CudaSite, cudaSite, DRIVER, NEEDED_LIBRARIES, PROVIDERS } from './site.ts';

/** References to the loaded libraries, so that koffi unloads none of them. */
const kept: unknown[] = [];
let found: string | undefined;
let asked: Driver | undefined;

/** Checks driver, GPU, provider and libraries, cuDNN among them. Throws an InputError that names what is missing. */
export function preloadCuda(): void {
  describeCuda();
}

/** Makes the checks of `preloadCuda`, and returns a description of what was found. */
export function describeCuda(): string {
  if (found !== undefined) return found;
  const driver = askDriver();
  const site = cudaSite();
  const place = site === undefined ? checkProvider() : site.folder;
  loadLibraries(site);
  found = `${driver.found}, CUDA's files in ${place}`;
  return found;
}

/** Memory in bytes of the GPU that this process uses; undefined without a driver or GPU. */
export function cudaMemoryBytes(): number | undefined {
  try {
    return askDriver().memoryBytes || undefined;
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

interface Driver {
  /** A description of the driver's version and the GPUs. */
  readonly found: string;
  readonly memoryBytes: number;
}

/** Queries the driver. Throws InputError when the driver is missing or too old, or when there is no GPU. */
function askDriver(): Driver {
  asked ??= readDriver();
  return asked;
}

function readDriver(): Driver {
  const driver = load('libcuda.so.1');
  if (driver === undefined) throw new InputError('no NVIDIA driver: libcuda.so.1 cannot be loaded');
  const ask = (name: string, ...parameters: [type: string, value: unknown][]) =>
    driver.func(
      name,
      'int',
      parameters.map(([type]) => type),
    )(...parameters.map(([, value]) => value)) as number;
  const number = new Int32Array(1);
  const status = ask('cuDriverGetVersion', ['void *', number]);
  const [major, minor] = [Math.floor(number[0]! / 1000), Math.floor((number[0]! % 1000) / 10)];
  if (status !== 0 || major < CUDA_MAJOR) {
    throw new InputError(`an NVIDIA driver for CUDA ${major}, where CUDA ${CUDA_MAJOR} needs ${DRIVER} or newer`);
  }
  const error = ask('cuInit', ['uint32_t', 0]) || ask('cuDeviceGetCount', ['void *', number]);
  const count = number[0]!;
  if (error !== 0 || count === 0) {
    throw new InputError(`an NVIDIA driver for CUDA ${major}.${minor} that has no GPU to offer (error ${error})`);
  }
  const bytes = new BigUint64Array(1);
  if (ask('cuDeviceTotalMem_v2', ['void *', bytes], ['int', Math.min(localDeviceId(), count - 1)]) !== 0) bytes[0] = 0n;
  return {
    found: `${count} NVIDIA GPU${count === 1 ? '' : 's'}, a driver for CUDA ${major}.${minor}`,
    memoryBytes: Number(bytes[0]),
  };
}

/** Returns the folder of the ONNX Runtime library; throws an InputError when this folder lacks the CUDA provider. */
function checkProvider(): string {
  const folder = dirname(libraryPath());
  const missing = PROVIDERS.find((name) => !existsSync(join(folder, name)));
  if (missing === undefined) return folder;
  throw new InputError(`no ${missing}: ${CUDA_VARIABLE} names no folder, and ${folder} has none`);
}

function loadLibraries(site: CudaSite | undefined): void {
  for (const path of site?.libraries ?? []) {
    if (load(path) === undefined) throw new InputError(`${CUDA_VARIABLE}: ${path}, which cannot be loaded`);
  }
  const missing = NEEDED_LIBRARIES.filter((name) => load(name) === undefined);
  if (missing.length > 0) throw new InputError(`no ${missing.join(', ')}: the system's loader finds none`);
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
