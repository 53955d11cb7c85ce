/** The sessions of one training step on a device, and the tensors that stay in the device's memory. */
import { encodeModel } from '../onnx/encode.ts';
import type { OnnxGraph } from '../onnx/model.ts';
import { type Binding, createSession, type Device, type DeviceTensor, type SessionOptions } from '../runtime/index.ts';

export interface DeviceSessions {
  /** Compiles a graph for the device. The binding is valid until `dispose`. */
  open(graph: OnnxGraph, disabledOptimizers?: readonly string[]): Promise<Binding>;
  /** Compiles a graph for capture, with `count` bindings. */
  openForCapture(
    graph: OnnxGraph,
    options: { count: number; disabledOptimizers?: readonly string[] },
  ): Promise<readonly Binding[]>;
  /** Bytes that the bindings have moved so far. */
  bytesMoved(): { toDevice: number; toHost: number };
  dispose(): void;
}

export function createDeviceSessions(device: Device): DeviceSessions {
  const sessions: Awaited<ReturnType<typeof createSession>>[] = [];
  const bindings: Binding[] = [];
  const compile = async (graph: OnnxGraph, options: SessionOptions) => {
    const session = await createSession(encodeModel(graph), { device, graphOptimization: 'basic', ...options });
    sessions.push(session);
    return () => {
      const binding = session.createBinding();
      bindings.push(binding);
      return binding;
    };
  };
  return {
    open: async (graph, disabledOptimizers = []) => (await compile(graph, { disabledOptimizers }))(),
    async openForCapture(graph, { count, disabledOptimizers = [] }) {
      const create = await compile(graph, { disabledOptimizers, capture: true });
      return Array.from({ length: count }, create);
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
