/**
 * Copies data between host memory and GPU memory through CUDA's runtime, because ONNX Runtime's CopyTensors does not
 * support the CUDA provider. A copy from pageable host memory or within the GPU may return early, and ONNX Runtime's
 * stream does not wait for it. Therefore each call waits for the default stream. No run is pending during a copy,
 * because a run returns only after its own stream has finished.
 */
import koffi from 'koffi';
import { create, ort } from '../api.ts';
import type { Handle, NativeFunction } from '../library.ts';
import { localDeviceId } from '../local-device.ts';
import { RUNTIME_LIBRARY } from './site.ts';

/** cudaMemcpyDefault of driver_types.h: CUDA derives from each address whether it lies in host memory or GPU memory. */
const BY_ADDRESS = 4;

let functions: Record<'cudaSetDevice' | 'cudaMemcpy' | 'cudaStreamSynchronize', NativeFunction> | undefined;

/** Copies the numbers of one OrtValue to another of the same size. */
export function copyOnCuda(source: Handle, target: Handle, bytes: number): void {
  functions ??= load();
  const address = (value: Handle) => create(ort.GetTensorMutableData, value);
  const device = localDeviceId();
  const status =
    Number(functions.cudaSetDevice(device)) ||
    Number(functions.cudaMemcpy(address(target), address(source), bytes, BY_ADDRESS)) ||
    Number(functions.cudaStreamSynchronize(null));
  if (status !== 0) throw new Error(`CUDA: expected to copy ${bytes} bytes on GPU ${device}, got error ${status}`);
}

function load() {
  const library = koffi.load(RUNTIME_LIBRARY);
  return {
    cudaSetDevice: library.func('cudaSetDevice', 'int', ['int']) as unknown as NativeFunction,
    cudaMemcpy: library.func('cudaMemcpy', 'int', ['void *', 'void *', 'size_t', 'int']) as unknown as NativeFunction,
    cudaStreamSynchronize: library.func('cudaStreamSynchronize', 'int', ['void *']) as unknown as NativeFunction,
  };
}
