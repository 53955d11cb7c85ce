/** The element types of safetensors that are read and written here, each with its size and its way to float32. */
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './float16.ts';

export type SafetensorsType = 'F32' | 'F16' | 'BF16' | 'I64' | 'I32' | 'U8';
/** The types that can be written. */
export type FloatType = 'F32' | 'F16' | 'BF16';

interface Decoder {
  readonly bytes: number;
  /** `source` holds as many elements as `target`, little endian, at any alignment. */
  decode(source: Uint8Array, target: Float32Array): void;
}

export const DECODERS: Readonly<Record<SafetensorsType, Decoder>> = {
  F32: { bytes: 4, decode: (source, target) => bytesOf(target).set(source) },
  F16: { bytes: 2, decode: (source, target) => decodeFloat16(aligned(source, Uint16Array), target) },
  BF16: { bytes: 2, decode: (source, target) => decodeBfloat16(aligned(source, Uint16Array), target) },
  I64: {
    bytes: 8,
    decode: (source, target) => {
      const values = aligned(source, BigInt64Array);
      for (let i = 0; i < values.length; i++) target[i] = Number(values[i]);
    },
  },
  I32: { bytes: 4, decode: (source, target) => target.set(aligned(source, Int32Array)) },
  U8: { bytes: 1, decode: (source, target) => target.set(source) },
};

/** Bytes of `source` in each type, nearest value; a view on `source` itself for F32. */
export const ENCODERS: Readonly<Record<FloatType, (source: Float32Array) => Uint8Array>> = {
  F32: bytesOf,
  F16: (source) => encodeWith(encodeFloat16, source),
  BF16: (source) => encodeWith(encodeBfloat16, source),
};

/** The largest magnitude that stays finite after rounding. */
export const LARGEST: Readonly<Record<FloatType, number>> = {
  F32: 3.4028234663852886e38,
  F16: 65519.99609375, // the float32 below the tie with infinity
  BF16: 3.396e38,
};

export function isSafetensorsType(name: string): name is SafetensorsType {
  return Object.hasOwn(DECODERS, name);
}

function encodeWith(encode: (source: Float32Array, target: Uint16Array) => void, source: Float32Array): Uint8Array {
  const target = new Uint16Array(source.length);
  encode(source, target);
  return new Uint8Array(target.buffer);
}

/** The bytes of a typed array, not a copy; Node runs on little-endian machines only, as safetensors is. */
export function bytesOf(array: Float32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

type View<T> = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  readonly BYTES_PER_ELEMENT: number;
};

function aligned<T>(source: Uint8Array, type: View<T>): T {
  const bytes = source.byteOffset % type.BYTES_PER_ELEMENT === 0 ? source : source.slice();
  return new type(bytes.buffer, bytes.byteOffset, bytes.byteLength / type.BYTES_PER_ELEMENT);
}
