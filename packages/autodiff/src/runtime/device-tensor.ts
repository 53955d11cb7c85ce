/** Tensors in device memory that the runtime allocated; such a tensor can be bound as the input of a later run. */
import { ELEMENT_TYPES, elementTypeOfCode, type HostArray } from '../onnx/element-type.ts';
import type { OnnxElementType } from '../onnx/model.ts';
import { elementCount, formatShape, type Shape, sameShape } from '../tensor.ts';
import { check, create, ort, readCount } from './api.ts';
import { DEVICES, type Device, hasOwnMemory } from './device.ts';
import { releaseOnDevice } from './device-turns.ts';
import { memoryInfo } from './environment.ts';
import { checkHostTensor, type HostTensor, hostValue } from './host-tensor.ts';
import { type Handle, viewMemory } from './library.ts';
import { NativeHandle } from './native-handle.ts';

/** Owns one OrtValue. A binding that uses the tensor keeps the tensor's memory alive. */
export class DeviceTensor {
  readonly type: OnnxElementType;
  readonly shape: Shape;
  readonly #value: NativeHandle;
  readonly #isHostMemory: boolean;
  readonly #device: Device;

  /** Takes ownership of `value`. */
  constructor(value: Handle, { device }: { device: Device }) {
    this.#device = device;
    this.#isHostMemory = !hasOwnMemory(device);
    this.#value = new NativeHandle('device tensor', value, releaseOnDevice(device, ort.ReleaseValue));
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

  /** Waits for the device and copies the numbers into a new array. */
  read(): HostTensor {
    const row = ELEMENT_TYPES[this.type];
    const data = new row.array(elementCount(this.shape));
    const tensor: HostTensor = { type: this.type, shape: this.shape, data };
    if (this.#isHostMemory) {
      const address = create(ort.GetTensorMutableData, this.pointer);
      new Uint8Array(data.buffer).set(viewMemory(address, data.byteLength));
      return tensor;
    }
    const target = hostValue('copy of a device tensor', tensor);
    try {
      DEVICES[this.#device].copy(this.pointer, target.pointer, data.byteLength);
    } finally {
      target.release();
    }
    return tensor;
  }

  /** Copies numbers into the tensor's memory, whose address does not change. Waits for the device. */
  write(data: HostArray): void {
    const tensor = { type: this.type, shape: this.shape, data };
    checkHostTensor('numbers for a device tensor', tensor);
    if (this.#isHostMemory) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      viewMemory(create(ort.GetTensorMutableData, this.pointer), data.byteLength).set(bytes);
      return;
    }
    const source = hostValue('numbers for a device tensor', tensor);
    try {
      DEVICES[this.#device].copy(source.pointer, this.pointer, data.byteLength);
    } finally {
      source.release();
    }
  }

  /** Copies the numbers of another tensor of the same device, type and shape into this tensor's memory. */
  copyFrom(other: DeviceTensor): void {
    if (other.type !== this.type || !sameShape(other.shape, this.shape)) {
      throw new Error(
        `device tensor: expected ${this.type} ${formatShape(this.shape)} to copy, got ${other.type} ${formatShape(other.shape)}`,
      );
    }
    const bytes = elementCount(this.shape) * ELEMENT_TYPES[this.type].bytes;
    if (this.#isHostMemory) {
      const view = (tensor: DeviceTensor) => viewMemory(create(ort.GetTensorMutableData, tensor.pointer), bytes);
      view(this).set(view(other));
      return;
    }
    DEVICES[this.#device].copy(other.pointer, this.pointer, bytes);
  }

  /**
   * A tensor of the given shape that shares a part of this tensor's memory, on a device with views. The part is valid
   * only while this tensor exists.
   */
  part({ offset, shape }: { offset: number; shape: Shape }): DeviceTensor {
    const { hasViews, memory } = DEVICES[this.#device];
    const end = offset + elementCount(shape);
    if (!hasViews || this.type !== 'float32' || end > elementCount(this.shape)) {
      throw new Error(
        `device tensor: expected a part of ${elementCount(this.shape)} floats on a device with views, got ${offset} to ${end} of ${this.type} on ${this.#device}`,
      );
    }
    const bytes = Float32Array.BYTES_PER_ELEMENT;
    const address = create(ort.GetTensorMutableData, this.pointer) + BigInt(offset * bytes);
    const value = create(
      ort.CreateTensorWithDataAsOrtValue,
      memoryInfo(memory),
      address,
      elementCount(shape) * bytes,
      BigInt64Array.from(shape, BigInt),
      shape.length,
      ELEMENT_TYPES.float32.code,
    );
    return new DeviceTensor(value, { device: this.#device });
  }

  /**
   * An array over the tensor's memory, without a copy; only for tensors in host memory. The array is valid until the
   * tensor is disposed of or the tensor's binding releases the memory.
   */
  view(): Float32Array {
    if (!this.#isHostMemory || this.type !== 'float32') {
      throw new Error(`device tensor: expected float32 in host memory to look at, got ${this.type} elsewhere`);
    }
    const bytes = elementCount(this.shape) * Float32Array.BYTES_PER_ELEMENT;
    const address = create(ort.GetTensorMutableData, this.pointer);
    return new Float32Array(viewMemory(address, bytes).buffer, 0, elementCount(this.shape));
  }

  /** Releases the tensor; a second call does nothing. */
  dispose(): void {
    this.#value.release();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
