/**
 * Element types of tensors: the type's code in ONNX and ONNX Runtime, the element size, and the JavaScript array type.
 */
import type { OnnxElementType } from './model.ts';
import { TensorProto_DataType as DataType } from './onnx.generated.ts';

export type HostArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | Uint16Array;

export interface ElementTypeRow {
  /** TensorProto.DataType, equal to ONNXTensorElementDataType. */
  readonly code: number;
  readonly bytes: number;
  /** JavaScript array type of the elements; a float16 element is stored as its 16 bits. */
  readonly array:
    | typeof Float32Array
    | typeof Float64Array
    | typeof BigInt64Array
    | typeof Int32Array
    | typeof Uint8Array
    | typeof Uint16Array;
}

export const ELEMENT_TYPES: Readonly<Record<OnnxElementType, ElementTypeRow>> = {
  float32: { code: DataType.FLOAT, bytes: 4, array: Float32Array },
  float64: { code: DataType.DOUBLE, bytes: 8, array: Float64Array },
  float16: { code: DataType.FLOAT16, bytes: 2, array: Uint16Array },
  int64: { code: DataType.INT64, bytes: 8, array: BigInt64Array },
  int32: { code: DataType.INT32, bytes: 4, array: Int32Array },
  bool: { code: DataType.BOOL, bytes: 1, array: Uint8Array },
  uint8: { code: DataType.UINT8, bytes: 1, array: Uint8Array },
};

/** Returns the element type with this ONNX code; throws when heed does not support the type. */
export function elementTypeOfCode(code: number): OnnxElementType {
  for (const [type, row] of Object.entries(ELEMENT_TYPES)) if (row.code === code) return type as OnnxElementType;
  throw new Error(`ONNX element type: expected one of ${Object.keys(ELEMENT_TYPES).join(', ')}, got code ${code}`);
}
