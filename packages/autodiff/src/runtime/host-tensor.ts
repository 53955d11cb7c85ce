/** Tensors over JavaScript arrays, which ONNX Runtime reads and writes in place. */
import { ELEMENT_TYPES, type HostArray } from '../onnx/element-type.ts';
import type { OnnxElementType } from '../onnx/model.ts';
import { elementCount, formatShape, type Shape } from '../tensor.ts';
import { create, ort } from './api.ts';
import { memoryInfo } from './environment.ts';
import { NativeHandle } from './native-handle.ts';

export interface HostTensor {
  type: OnnxElementType;
  shape: Shape;
  /** Float32Array, BigInt64Array, Int32Array, Uint8Array (uint8, bool) or Uint16Array (float16 bits). */
  data: HostArray;
}

/** Throws when the array's kind or length does not fit type and shape. */
export function checkHostTensor(what: string, { type, shape, data }: HostTensor): void {
  const row = ELEMENT_TYPES[type];
  // Tag instead of instanceof: arrays may come from another realm (worker_threads, vitest's contexts).
  const kind = Object.prototype.toString.call(data).slice(8, -1);
  if (kind !== row.array.name || data.length !== elementCount(shape)) {
    const expected = `${row.array.name} of ${elementCount(shape)} for ${type} ${formatShape(shape)}`;
    throw new Error(`${what}: expected a ${expected}, got a ${kind} of ${data?.length}`);
  }
}

/**
 * An OrtValue over the array itself, without a copy. The caller that binds the OrtValue must keep `tensor.data` alive.
 * Passing a small array to koffi moves the array out of V8's heap, and afterwards the array's address never changes.
 */
export function hostValue(what: string, tensor: HostTensor): NativeHandle {
  checkHostTensor(what, tensor);
  const { type, shape, data } = tensor;
  const pointer = create(
    ort.CreateTensorWithDataAsOrtValue,
    memoryInfo(undefined),
    data,
    data.byteLength,
    BigInt64Array.from(shape, BigInt),
    shape.length,
    ELEMENT_TYPES[type].code,
  );
  return new NativeHandle(what, pointer, ort.ReleaseValue);
}
