/** The devices, and how each execution provider is added to a session. */

import { InputError } from '../errors.ts';
import type { LoweringForm } from '../lower.ts';
import { check, create, ort } from './api.ts';
import { copyOnCuda } from './cuda/copy.ts';
import { cudaMemoryBytes, preloadCuda } from './cuda/preload.ts';
import { CUDA_VARIABLE, DRIVER } from './cuda/site.ts';
import { environment } from './environment.ts';
import type { Handle } from './library.ts';
import { localDeviceId } from './local-device.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'directml';

type ProviderSettings = Readonly<Record<string, string>>;

export interface DeviceRow {
  /**
   * Adds the execution provider with `settings` to the session options. Throws ONNX Runtime's message when the library
   * lacks the provider.
   */
  readonly append: (options: Handle, settings: ProviderSettings) => void;
  /** The settings that turn graph capture on. Undefined if the provider cannot capture. */
  readonly capture?: ProviderSettings;
  /** The provider's name for device memory; undefined when the provider uses host memory. */
  readonly memory: string | undefined;
  /** Copies one OrtValue's numbers to another, on the host or on the device. */
  readonly copy: (source: Handle, target: Handle, bytes: number) => void;
  /** Whether a tensor can be a view into another tensor's memory. Without views each tensor has its own buffer. */
  readonly hasViews: boolean;
  /** Options for lowering a traced graph to ONNX for this device. */
  readonly form: LoweringForm;
  /** The device's requirements and how to install them, for error messages. */
  readonly needs: string;
}

function appendByName(name: string): DeviceRow['append'] {
  return (options, settings) => {
    const keys = Object.keys(settings);
    const values = Object.values(settings);
    check(ort.SessionOptionsAppendExecutionProvider(options, name, keys, values, keys.length));
  };
}

function copyByRuntime(source: Handle, target: Handle): void {
  check(ort.CopyTensors(environment(), [source], [target], null, 1));
}

/**
 * Limit in bytes on attention weights, near the size of a processor's cache. With this limit, the backward pass over
 * 4,096 positions takes 0.82 of the processor time that it takes with 64 MiB.
 */
const CPU_ATTENTION_BYTES = 8 * 2 ** 20;

/** Share of a GPU's memory that attention weights may fill; the backward pass needs several arrays of this size. */
const ATTENTION_SHARE = 1 / 16;

function attentionBytesOfCuda(): number | undefined {
  const bytes = cudaMemoryBytes();
  return bytes && Math.floor(bytes * ATTENTION_SHARE);
}

/**
 * Environment variable that lets float32 matrix products use NVIDIA's TF32, which is faster but keeps only 11
 * significant bits.
 */
const TF32 = 'HEED_TF32';

/**
 * ONNX Runtime adds the CUDA provider by a separate function with its own options; the generic function refuses CUDA.
 */
function appendCuda(options: Handle, more: ProviderSettings): void {
  preloadCuda();
  const settings = create(ort.CreateCUDAProviderOptions);
  try {
    const given = {
      device_id: String(localDeviceId()),
      // The default search benchmarks every shape exhaustively at first sight.
      cudnn_conv_algo_search: 'HEURISTIC',
      // TF32 would keep only 11 bits of float32 products.
      use_tf32: process.env[TF32] ? '1' : '0',
      ...more,
    };
    const keys = Object.keys(given);
    check(ort.UpdateCUDAProviderOptions(settings, keys, Object.values(given), keys.length));
    check(ort.SessionOptionsAppendExecutionProvider_CUDA_V2(options, settings));
  } finally {
    ort.ReleaseCUDAProviderOptions(settings);
  }
}

/**
 * `cpu` and `webgpu` are tested; `cuda` has run only on stub libraries, never on a GPU; `coreml` and `directml` were
 * written from ONNX Runtime's header and have not run.
 */
export const DEVICES: Readonly<Record<Device, DeviceRow>> = {
  cpu: {
    append: () => undefined,
    memory: undefined,
    copy: copyByRuntime,
    hasViews: true,
    form: { hasFusedMatMul: true, fewNodes: false, attentionBytes: CPU_ATTENTION_BYTES },
    needs: 'a processor',
  },
  webgpu: {
    append: appendByName('WebGPU'),
    memory: 'WebGPU_Buffer',
    copy: copyByRuntime,
    hasViews: false,
    form: { hasFusedMatMul: false, fewNodes: false },
    needs: 'a GPU with a Vulkan, Metal or Direct3D 12 driver',
  },
  cuda: {
    append: appendCuda,
    capture: { enable_cuda_graph: '1' },
    memory: 'Cuda',
    copy: copyOnCuda,
    hasViews: true,
    get form() {
      return { hasFusedMatMul: true, fewNodes: true, hasHalfSoftmax: true, attentionBytes: attentionBytesOfCuda() };
    },
    needs: `an NVIDIA GPU with driver ${DRIVER} or newer, and the files of CUDA that ${CUDA_VARIABLE} names (\`heed doctor --device cuda\` prints the commands that bring them)`,
  },
  coreml: {
    append: appendByName('CoreML'),
    memory: undefined,
    copy: copyByRuntime,
    hasViews: false,
    form: { hasFusedMatMul: false, fewNodes: false },
    needs: 'macOS',
  },
  directml: {
    append: appendByName('DML'),
    memory: 'DML',
    copy: copyByRuntime,
    hasViews: false,
    form: { hasFusedMatMul: false, fewNodes: false },
    needs: 'Windows',
  },
};

/** Whether a device has its own memory, so that transfers cost time. Throws for an unknown device. */
export function hasOwnMemory(device: Device): boolean {
  if (!Object.hasOwn(DEVICES, device)) {
    throw new InputError(`session: expected a device out of ${Object.keys(DEVICES).join(', ')}, got ${device}`);
  }
  return DEVICES[device].memory !== undefined;
}
