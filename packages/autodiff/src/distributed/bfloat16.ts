/** bfloat16: the upper half of a float32. Values are stored as bits, since no typed array has this type. */

/** Rounds to nearest, ties to even. NaN stays NaN; both infinities stay. */
export function toBfloat16(values: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = bits[i]!;
    const isNotNumber = (word & 0x7fffffff) > 0x7f800000;
    target[i] = isNotNumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
}

export function fromBfloat16(source: Uint16Array, values: Float32Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < source.length; i++) bits[i] = source[i]! << 16;
}
