/**
 * Locates the files of CUDA. HEED_CUDA names a Python site-packages folder into which pip installed ONNX Runtime's CUDA
 * provider and NVIDIA's libraries. Python itself is not needed. Loads nothing.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../errors.ts';

export const CUDA_VARIABLE = 'HEED_CUDA';
/** ONNX Runtime's wheel that was built from the same commit as heed's shipped library, and the wheel's CUDA version. */
const WHEEL = 'onnxruntime_gpu-1.30.0.dist-info';
export const CUDA_MAJOR = 13;
/** The first version of the Linux driver that supports CUDA 13 (NVIDIA's CUDA compatibility table). */
export const DRIVER = '580';

/** CUDA's runtime. */
export const RUNTIME_LIBRARY = 'libcudart.so.13';

export const PROVIDERS = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'] as const;
/** NVIDIA's libraries, each after the libraries that it depends on. */
const LIBRARIES = [
  /^libcudart\.so\.13$/,
  /^libnvrtc(-builtins)?\.so\.13/,
  /^libcublasLt\.so\.13$/,
  /^libcublas\.so\.13$/,
  /^libcurand\.so\.10$/,
  /^libcufft\.so\.12$/,
  /^libcudnn.*\.so\.9$/,
] as const;

/**
 * Libraries that the CUDA provider requires, by the file names that the system's loader looks for. cuDNN is loaded at
 * the first convolution.
 */
export const NEEDED_LIBRARIES = [
  RUNTIME_LIBRARY,
  'libcublasLt.so.13',
  'libcublas.so.13',
  'libcurand.so.10',
  'libcudnn.so.9',
] as const;

/** The shell commands that install all files for CUDA, one command on each line. */
export const CUDA_COMMANDS = [
  'python3 -m venv .cuda',
  '.cuda/bin/pip install --no-deps onnxruntime-gpu==1.30.0 nvidia-cublas nvidia-cuda-runtime nvidia-cuda-nvrtc nvidia-curand nvidia-cudnn-cu13',
  `export ${CUDA_VARIABLE}=$(echo $PWD/.cuda/lib/python3.*/site-packages)`,
] as const;

export interface CudaSite {
  readonly folder: string;
  /** ONNX Runtime's two provider files. */
  readonly providers: readonly string[];
  /**
   * NVIDIA's libraries in the site-packages folder; the system's loader must find any library that this folder lacks.
   */
  readonly libraries: readonly string[];
}

/**
 * The folder in HEED_CUDA; undefined when the variable is not set. Throws InputError when the folder lacks the CUDA
 * provider.
 */
export function cudaSite(folder = process.env[CUDA_VARIABLE]): CudaSite | undefined {
  if (!folder) return undefined;
  const providers = PROVIDERS.map((name) => join(folder, 'onnxruntime', 'capi', name));
  const missing = providers.find((path) => !existsSync(path));
  if (missing !== undefined) {
    throw new InputError(
      `${CUDA_VARIABLE}: expected a site-packages folder with onnxruntime-gpu 1.30.0, got ${folder} without ${missing.slice(folder.length + 1)}`,
    );
  }
  if (!existsSync(join(folder, WHEEL))) {
    const others = readdirSync(folder).filter((name) => /^onnxruntime.*\.dist-info$/.test(name));
    throw new InputError(
      `${CUDA_VARIABLE}: expected onnxruntime-gpu 1.30.0 in ${folder}, got ${others.join(', ') || 'another version'}`,
    );
  }
  return { folder, providers, libraries: librariesIn(join(folder, 'nvidia')) };
}

function librariesIn(nvidia: string): string[] {
  if (!existsSync(nvidia)) return [];
  const files = readdirSync(nvidia)
    .map((name) => join(nvidia, name, 'lib'))
    .filter((lib) => existsSync(lib))
    .flatMap((lib) => readdirSync(lib).map((name) => ({ name, path: join(lib, name) })));
  return LIBRARIES.flatMap((wanted) => files.filter(({ name }) => wanted.test(name)).map(({ path }) => path));
}
