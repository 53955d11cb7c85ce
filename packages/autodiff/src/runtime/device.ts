/** The devices, and how each one's execution provider joins a session. */

import { InputError } from '../errors.ts';
import { check, create, ort } from './api.ts';
import { preloadCuda } from './cuda/preload.ts';
import { CUDA_VARIABLE, DRIVER } from './cuda/site.ts';
import type { Handle } from './library.ts';
import { localDeviceId } from './local-device.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'directml';

export interface DeviceRow {
  /** Adds the provider to session options; throws the runtime's message when the library lacks it. */
  readonly append: (options: Handle) => void;
  /** The provider's name for its own memory; `undefined` where it computes in host memory. */
  readonly memory: string | undefined;
  /** What a machine must have for it, and how to get that, for the sentence that says it is missing. */
  readonly needs: string;
}

function appendByName(name: string, settings: Readonly<Record<string, string>> = {}): (options: Handle) => void {
  const keys = Object.keys(settings);
  const values = Object.values(settings);
  return (options) => check(ort.SessionOptionsAppendExecutionProvider(options, name, keys, values, keys.length));
}

/** CUDA is refused by the generic function and has its own options. */
function appendCuda(options: Handle): void {
  preloadCuda();
  const settings = create(ort.CreateCUDAProviderOptions);
  try {
    // The default search benchmarks every shape exhaustively at first sight.
    const keys = ['device_id', 'cudnn_conv_algo_search'];
    check(ort.UpdateCUDAProviderOptions(settings, keys, [String(localDeviceId()), 'HEURISTIC'], keys.length));
    check(ort.SessionOptionsAppendExecutionProvider_CUDA_V2(options, settings));
  } finally {
    ort.ReleaseCUDAProviderOptions(settings);
  }
}

/** cpu and webgpu are tested; the others were written from the header and have not run. */
export const DEVICES: Readonly<Record<Device, DeviceRow>> = {
  cpu: { append: () => undefined, memory: undefined, needs: 'a processor' },
  webgpu: {
    append: appendByName('WebGPU'),
    memory: 'WebGPU_Buffer',
    needs: 'a GPU with a Vulkan, Metal or Direct3D 12 driver',
  },
  cuda: {
    append: appendCuda,
    memory: 'Cuda',
    needs: `an NVIDIA GPU with driver ${DRIVER} or newer, and the files of CUDA that ${CUDA_VARIABLE} names (\`heed doctor --device cuda\` prints the commands that bring them)`,
  },
  coreml: { append: appendByName('CoreML'), memory: undefined, needs: 'macOS' },
  directml: { append: appendByName('DML'), memory: 'DML', needs: 'Windows' },
};

/**
 * Whether tensors on a device lie elsewhere than in host memory, so that moving them costs. Throws on an unknown one.
 */
export function hasOwnMemory(device: Device): boolean {
  if (!Object.hasOwn(DEVICES, device)) {
    throw new InputError(`session: expected a device out of ${Object.keys(DEVICES).join(', ')}, got ${device}`);
  }
  return DEVICES[device].memory !== undefined;
}
