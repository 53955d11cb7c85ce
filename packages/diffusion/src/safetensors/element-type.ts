/**
 * Element types under their safetensors names, each with its size and its conversion to float32. PyTorch's types use
 * the same names here.
 */

import { decodeFloat8E4M3, decodeFloat8E5M2 } from './float8.ts';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './float16.ts';

interface Decoder {
  readonly bytes: number;
  /**
   * Converts `source` to float32. Decodes `source`, which has as many elements as `target`, in little-endian order and
   * at any alignment.
   */
  decode(source: Uint8Array, target: Float32Array): void;
}

const DECODERS = {
  F64: { bytes: 8, decode: (source, target) => target.set(aligned(source, Float64Array)) },
  F32: { bytes: 4, decode: (source, target) => bytesOf(target).set(source) },
  F16: { bytes: 2, decode: (source, target) => decodeFloat16(aligned(source, Uint16Array), target) },
  BF16: { bytes: 2, decode: (source, target) => decodeBfloat16(aligned(source, Uint16Array), target) },
  F8_E4M3: { bytes: 1, decode: decodeFloat8E4M3 },
  F8_E5M2: { bytes: 1, decode: decodeFloat8E5M2 },
  I64: { bytes: 8, decode: (source, target) => setBigInts(target, aligned(source, BigInt64Array)) },
  U64: { bytes: 8, decode: (source, target) => setBigInts(target, aligned(source, BigUint64Array)) },
  I32: { bytes: 4, decode: (source, target) => target.set(aligned(source, Int32Array)) },
  U32: { bytes: 4, decode: (source, target) => target.set(aligned(source, Uint32Array)) },
  I16: { bytes: 2, decode: (source, target) => target.set(aligned(source, Int16Array)) },
  U16: { bytes: 2, decode: (source, target) => target.set(aligned(source, Uint16Array)) },
  I8: { bytes: 1, decode: (source, target) => target.set(aligned(source, Int8Array)) },
  U8: { bytes: 1, decode: (source, target) => target.set(source) },
  BOOL: { bytes: 1, decode: setTruthValues },
} as const satisfies Readonly<Record<string, Decoder>>;

/** Sizes in bits of types that files may contain but heed never decodes. heed skips tensors of these types. */
const OPAQUE_BITS = { F4: 4, F6_E2M3: 6, F6_E3M2: 6, F8_E8M0: 8, C64: 64, C128: 128 } as const;

export type NumberType = keyof typeof DECODERS;
export type ElementType = NumberType | keyof typeof OPAQUE_BITS;
/** The float types that heed can write. */
export type FloatType = 'F32' | 'F16' | 'BF16';

const WEIGHT_TYPES: ReadonlySet<ElementType> = new Set(['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2']);

export function isElementType(name: string): name is ElementType {
  return Object.hasOwn(DECODERS, name) || Object.hasOwn(OPAQUE_BITS, name);
}

/** True for the types that can be decoded to float32. */
export function isNumberType(type: ElementType): type is NumberType {
  return Object.hasOwn(DECODERS, type);
}

/** Whether weights may have this type: true for floating-point types. */
export function isWeightType(type: ElementType): boolean {
  return WEIGHT_TYPES.has(type);
}

/** Bits of one element. */
export function bitsOf(type: ElementType): number {
  return isNumberType(type) ? 8 * DECODERS[type].bytes : OPAQUE_BITS[type];
}

/** The element size and float32 decoder of a number type. */
export function decoderOf(type: NumberType): Decoder {
  return DECODERS[type];
}

/** Encodes float32 values as bytes of each type, rounded to nearest. F32 gives a view of `source`, not a copy. */
export const ENCODERS: Readonly<Record<FloatType, (source: Float32Array) => Uint8Array>> = {
  F32: bytesOf,
  F16: (source) => encodeWith(encodeFloat16, source),
  BF16: (source) => encodeWith(encodeBfloat16, source),
};

/** The largest magnitude that stays finite after rounding to each type. */
export const LARGEST: Readonly<Record<FloatType, number>> = {
  F32: 3.4028234663852886e38,
  F16: 65519.99609375, // the float32 below the tie with infinity
  BF16: 3.396e38,
};

function encodeWith(encode: (source: Float32Array, target: Uint16Array) => void, source: Float32Array): Uint8Array {
  const target = new Uint16Array(source.length);
  encode(source, target);
  return new Uint8Array(target.buffer);
}

/**
 * A view of the array's bytes. No byte swap is needed: safetensors is little endian, as are all machines that Node
 * supports.
 */
function bytesOf(array: Float32Array): Uint8Array {
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

function setBigInts(target: Float32Array, values: BigInt64Array | BigUint64Array): void {
  for (let i = 0; i < values.length; i++) target[i] = Number(values[i]);
}

/** Decodes booleans as PyTorch does: every byte but 0 is true. */
function setTruthValues(source: Uint8Array, target: Float32Array): void {
  for (let i = 0; i < source.length; i++) target[i] = source[i] === 0 ? 0 : 1;
}
