/** Allocates named buffers of zeros on a device, and adds sets of such buffers. */
import { inputName } from '../compile.ts';
import { type Binding, type Device, type DeviceTensor, takeTurn } from '../runtime/index.ts';
import type { Tensor } from '../tensor.ts';
import type { DeviceSessions } from './device-sessions.ts';
import { gradientInput, gradientSumGraph, zerosGraph } from './optimizer-graph.ts';

export type DeviceBuffers = ReadonlyMap<string, DeviceTensor>;

export interface DeviceBuffersOptions {
  /** Names, shapes and types. */
  readonly buffers: readonly Tensor[];
  readonly device: Device;
  readonly sessions: DeviceSessions;
}

const ZEROS = [
  { type: 'float32', data: new Float32Array(1) },
  { type: 'int64', data: new BigInt64Array(1) },
] as const;

/**
 * Returns a function that allocates the buffers and fills them with zeros. The first call of this function compiles a
 * graph.
 */
export function createZeros({ buffers, device, sessions }: DeviceBuffersOptions): () => Promise<DeviceBuffers> {
  let opened: Binding | undefined;
  return async () => {
    if (buffers.length === 0) return new Map();
    opened ??= await sessions.open(zerosGraph(buffers));
    const binding = opened;
    return takeTurn(device, async () => {
      for (const { type, data } of ZEROS) {
        if (buffers.some(({ dtype }) => dtype === type)) binding.bindInput(`input:${type}`, { type, shape: [1], data });
      }
      for (const buffer of buffers) binding.bindOutputToDevice(inputName(buffer));
      await binding.run();
      const made = binding.deviceOutputs();
      binding.releaseDeviceOutputs();
      return made;
    });
  };
}

/**
 * Returns a function that adds two sets of gradients into new buffers. The first call of this function compiles a
 * graph.
 */
export function createAdder({ buffers, device, sessions }: DeviceBuffersOptions) {
  let opened: Binding | undefined;
  return async (a: DeviceBuffers, b: DeviceBuffers): Promise<DeviceBuffers> => {
    opened ??= await sessions.open(gradientSumGraph(buffers));
    const binding = opened;
    return takeTurn(device, async () => {
      for (const [key, tensor] of b) {
        binding.bindInput(`input:a:${key}`, a.get(key)!);
        binding.bindInput(`input:b:${key}`, tensor);
        binding.bindOutputToDevice(gradientInput(key));
      }
      await binding.run();
      const sums = binding.deviceOutputs();
      return new Map([...b.keys()].map((key) => [key, sums.get(gradientInput(key))!]));
    });
  };
}
