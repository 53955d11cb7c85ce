/** Types of an ONNX model as plain data, which `encode.ts` writes as bytes. Holds no behaviour. */
import type { Shape } from '../tensor.ts';

export type OnnxElementType = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'bool' | 'uint8';

export interface OnnxTensor {
  name: string;
  type: OnnxElementType;
  shape: Shape;
  /** Raw little-endian elements, or `external` when `createSession` receives the values. */
  data: Uint8Array | 'external';
}

export type OnnxAttribute =
  | { int: number }
  | { float: number }
  | { ints: readonly number[] }
  | { floats: readonly number[] }
  | { string: string }
  | { tensor: OnnxTensor };

export interface OnnxNode {
  op: string;
  domain?: string;
  name?: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, OnnxAttribute>;
}

export interface OnnxValue {
  name: string;
  type: OnnxElementType;
  shape: Shape;
}

export interface OnnxGraph {
  name: string;
  inputs: OnnxValue[];
  outputs: OnnxValue[];
  initializers: OnnxTensor[];
  nodes: OnnxNode[];
  valueInfo?: OnnxValue[];
}
