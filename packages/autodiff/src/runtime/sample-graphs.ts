/** Small graphs for the tests of this folder. */
import type { OnnxGraph, OnnxNode, OnnxTensor, OnnxValue } from '../onnx/model.ts';
import type { Shape } from '../tensor.ts';
import type { HostTensor } from './host-tensor.ts';

export function float32(shape: Shape, data: Float32Array): HostTensor {
  return { type: 'float32', shape, data };
}

export function float32Value(name: string, shape: Shape): OnnxValue {
  return { name, type: 'float32', shape };
}

export function float32Initializer(name: string, shape: Shape, values: readonly number[]): OnnxTensor {
  return { name, type: 'float32', shape, data: new Uint8Array(Float32Array.from(values).buffer) };
}

export function graph(
  inputs: OnnxValue[],
  outputs: OnnxValue[],
  nodes: OnnxNode[],
  initializers: OnnxTensor[] = [],
): OnnxGraph {
  return { name: 'sample', inputs, outputs, nodes, initializers };
}

/** Multiplies the matrix x [size, size] by itself `depth` times, which takes long enough to abort the run. */
export function matmulChain(size: number, depth: number): OnnxGraph {
  const value = (index: number) => (index === 0 ? 'x' : index === depth ? 'y' : `v${index}`);
  const nodes = Array.from({ length: depth }, (_, index) => ({
    op: 'MatMul',
    inputs: [value(index), 'x'],
    outputs: [value(index + 1)],
  }));
  return graph([float32Value('x', [size, size])], [float32Value('y', [size, size])], nodes);
}

/** A training-like step: state' = state · weight + x, mean = mean of state'. */
export function recurrence(size: number): OnnxGraph {
  const shape = [size, size];
  const weight = Array.from({ length: size * size }, (_, index) => Math.sin(index) / size);
  return graph(
    [float32Value('x', shape), float32Value('state', shape)],
    [float32Value('next', shape), float32Value('mean', [])],
    [
      { op: 'MatMul', inputs: ['state', 'weight'], outputs: ['moved'] },
      { op: 'Add', inputs: ['moved', 'x'], outputs: ['next'] },
      { op: 'ReduceMean', inputs: ['next'], outputs: ['mean'], attributes: { keepdims: { int: 0 } } },
    ],
    [float32Initializer('weight', shape, weight)],
  );
}
