/** Tensors that the runtime allocated and that stay where it computes, to be bound again as inputs. */
import { elementTypeOfCode } from '../onnx/element-type.ts';
import type { OnnxElementType } from '../onnx/model.ts';
import type { Shape } from '../tensor.ts';
import { check, create, ort, readCount } from './api.ts';
import type { Handle } from './library.ts';
import { NativeHandle } from './native-handle.ts';

/** Owns one OrtValue. A binding that it is bound to keeps the memory alive by itself. */
export class DeviceTensor {
  readonly type: OnnxElementType;
  readonly shape: Shape;
  readonly #value: NativeHandle;

  /** Takes over `value`. */
  constructor(value: Handle) {
    this.#value = new NativeHandle('device tensor', value, ort.ReleaseValue);
    const info = new NativeHandle(
      'tensor info',
      create(ort.GetTensorTypeAndShape, value),
      ort.ReleaseTensorTypeAndShapeInfo,
    );
    try {
      const code = new Int32Array(1);
      check(ort.GetTensorElementType(info.pointer, code));
      const sizes = new BigInt64Array(readCount(ort.GetDimensionsCount, info.pointer));
      check(ort.GetDimensions(info.pointer, sizes, sizes.length));
      this.type = elementTypeOfCode(code[0]!);
      this.shape = Array.from(sizes, Number);
    } finally {
      info.release();
    }
  }

  /** The OrtValue; throws after `dispose`. For bindings. */
  get pointer(): Handle {
    return this.#value.pointer;
  }

  /** Gives up the tensor; safe to call twice. */
  dispose(): void {
    this.#value.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
