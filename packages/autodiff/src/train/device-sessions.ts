/** The sessions of one training step on a device, and the tensors that stay there. */
import { encodeModel } from '../onnx/encode.ts';
import { type Binding, createSession, type Device, type DeviceTensor } from '../runtime/index.ts';

export interface DeviceSessions {
  /** Compiles a graph for the device. The binding is valid until `dispose`. */
  open(graph: Parameters<typeof encodeModel>[0], disabledOptimizers?: readonly string[]): Promise<Binding>;
  /** Bytes that the bindings have moved so far. */
  bytesMoved(): { toDevice: number; toHost: number };
  dispose(): void;
}

export function createDeviceSessions(device: Device): DeviceSessions {
  const sessions: Awaited<ReturnType<typeof createSession>>[] = [];
  const bindings: Binding[] = [];
  return {
    async open(graph, disabledOptimizers = []) {
      const options = { device, graphOptimization: 'basic', disabledOptimizers } as const;
      const session = await createSession(encodeModel(graph), options);
      sessions.push(session);
      const binding = session.createBinding();
      bindings.push(binding);
      return binding;
    },
    bytesMoved() {
      const total = (direction: 'toDevice' | 'toHost') =>
        bindings.reduce((sum, { bytesMoved }) => sum + bytesMoved[direction], 0);
      return { toDevice: total('toDevice'), toHost: total('toHost') };
    },
    dispose() {
      for (const session of sessions) session.dispose();
    },
  };
}

/** Copies a float32 tensor to the host. */
export function numbers(tensor: DeviceTensor): Float32Array {
  return tensor.read().data as Float32Array;
}

export function disposeAll(tensors: ReadonlyMap<string, DeviceTensor>): void {
  for (const tensor of tensors.values()) tensor.dispose();
}
