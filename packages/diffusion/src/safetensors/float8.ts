/**
 * Converts the 8-bit floats of the OCP specification 1.0 (E4M3 without infinities, E5M2) to float32, by lookup tables.
 */

let e4m3: Float32Array | undefined;
let e5m2: Float32Array | undefined;

/** Decodes E4M3 (`torch.float8_e4m3fn`) into `target`, element by element. */
export function decodeFloat8E4M3(source: Uint8Array, target: Float32Array): void {
  e4m3 ??= Float32Array.from({ length: 256 }, (_, bits) =>
    (bits & 0x7f) === 0x7f ? Number.NaN : small(bits, { fractionBits: 3, bias: 7 }),
  );
  for (let i = 0; i < source.length; i++) target[i] = e4m3[source[i]!]!;
}

/** Decodes E5M2 (`torch.float8_e5m2`) into `target`, element by element. */
export function decodeFloat8E5M2(source: Uint8Array, target: Float32Array): void {
  e5m2 ??= Float32Array.from({ length: 256 }, (_, bits) => {
    if ((bits & 0x7c) !== 0x7c) return small(bits, { fractionBits: 2, bias: 15 });
    if ((bits & 3) !== 0) return Number.NaN;
    return bits & 0x80 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  });
  for (let i = 0; i < source.length; i++) target[i] = e5m2[source[i]!]!;
}

function small(bits: number, { fractionBits, bias }: { fractionBits: number; bias: number }): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits & 0x7f) >> fractionBits;
  const one = 1 << fractionBits;
  const fraction = bits & (one - 1);
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias - fractionBits)
    : sign * (one + fraction) * 2 ** (exponent - bias - fractionBits);
}
