/**
 * Half precision (IEEE 754 binary16) and bfloat16 to and from float32, by lookup tables, because Node 20 has no
 * Float16Array.
 */

const HALF_INFINITY = 0x7c00;

/** The float32 value of every half-precision number, indexed by the number's bits; made on first use (256 KiB). */
let halfValues: Float32Array | undefined;

/** Decodes half-precision numbers, given as bits, into `target`, element by element. */
export function decodeFloat16(source: Uint16Array, target: Float32Array): void {
  halfValues ??= Float32Array.from({ length: 0x10000 }, (_, bits) => halfValue(bits));
  for (let i = 0; i < source.length; i++) target[i] = halfValues[source[i]!]!;
}

/**
 * Encodes float32 as the bits of the nearest half-precision number, ties to even; numbers that are too large become
 * infinity.
 */
export function encodeFloat16(source: Float32Array, target: Uint16Array): void {
  const { base, shift } = encodingTables;
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const row = word >>> 23;
    const down = shift[row]!;
    const fraction = word & 0x7fffff;
    if (down === 0) {
      // Too small, too large, infinite or not a number: only the last keeps anything of its fraction.
      target[i] = (row & 0xff) === 0xff && fraction !== 0 ? base[row]! | 0x200 : base[row]!;
      continue;
    }
    const significand = down === 13 ? fraction : fraction | 0x800000;
    const kept = significand >>> down;
    const rest = significand & ((1 << down) - 1);
    const half = 1 << (down - 1);
    // A carry out of the fraction rightly runs into the exponent, up to infinity.
    target[i] = base[row]! + kept + (rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0);
  }
}

/** Decodes bfloat16 numbers, given as bits, into `target`, element by element. */
export function decodeBfloat16(source: Uint16Array, target: Float32Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < source.length; i++) words[i] = source[i]! << 16;
}

/** Encodes float32 as the bits of the nearest bfloat16, ties to even; numbers that are too large become infinity. */
export function encodeBfloat16(source: Float32Array, target: Uint16Array): void {
  const words = new Uint32Array(source.buffer, source.byteOffset, source.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    const notANumber = (word & 0x7fffffff) > 0x7f800000;
    target[i] = notANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * Two tables, indexed by the float32's upper 9 bits (sign and exponent): the float16 bits without fraction, and the
 * right shift of the significand. A shift of 0 means that the table's bits are the result. After van der Zijp, "Fast
 * half float conversions" (2008), with rounding in place of his truncation.
 */
const encodingTables = (() => {
  const base = new Uint16Array(512);
  const shift = new Uint8Array(512);
  for (let row = 0; row < 512; row++) {
    const sign = (row & 0x100) << 7;
    const exponent = (row & 0xff) - 127;
    if (exponent < -25) base[row] = sign;
    else if (exponent < -14) {
      base[row] = sign; // subnormal: the hidden bit moves into the fraction
      shift[row] = -exponent - 1;
    } else if (exponent <= 15) {
      base[row] = sign | ((exponent + 15) << 10);
      shift[row] = 13;
    } else base[row] = sign | HALF_INFINITY;
  }
  return { base, shift };
})();
