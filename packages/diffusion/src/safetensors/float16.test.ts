import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from './float16.ts';

const decodeOne = (bits: number) => {
  const target = new Float32Array(1);
  decodeFloat16(Uint16Array.of(bits), target);
  return target[0]!;
};
const encodeOne = (value: number) => {
  const target = new Uint16Array(1);
  encodeFloat16(Float32Array.of(value), target);
  return target[0]!;
};

test('every half survives the way to float32 and back', () => {
  const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
  const values = new Float32Array(bits.length);
  const back = new Uint16Array(bits.length);
  decodeFloat16(bits, values);
  encodeFloat16(values, back);
  const wrong = [...bits].filter(
    (half) => back[half] !== half && !(Number.isNaN(values[half]) && Number.isNaN(decodeOne(back[half]!))),
  );
  expect(wrong).toEqual([]);
});

test('known halves', () => {
  expect(decodeOne(0x3c00)).toBe(1);
  expect(decodeOne(0xc000)).toBe(-2);
  expect(decodeOne(0x7bff)).toBe(65504);
  expect(decodeOne(0x0001)).toBe(2 ** -24);
  expect(encodeOne(65519.99)).toBe(0x7bff);
  expect(encodeOne(65520)).toBe(0x7c00);
  expect(encodeOne(2 ** -25)).toBe(0);
  expect(encodeOne(2 ** -25 * 1.0000001)).toBe(1);
  expect(decodeOne(encodeOne(Number.NaN))).toBeNaN();
  expect(encodeOne(Number.NEGATIVE_INFINITY)).toBe(0xfc00);
});

test('encoding takes the nearest half, ties to even', () => {
  const finite = fc.oneof(
    fc.float({ min: -65504, max: 65504, noNaN: true }),
    fc.float({ min: Math.fround(-1e-4), max: Math.fround(1e-4), noNaN: true }),
    // Halfway between two halves, where the tie rule decides.
    fc.integer({ min: 0, max: 0x7bfe }).map((bits) => (decodeOne(bits) + decodeOne(bits + 1)) / 2),
  );
  fc.assert(
    fc.property(finite, (value) => {
      const bits = encodeOne(value);
      const error = Math.abs(decodeOne(bits) - value);
      for (const neighbour of [bits - 1, bits + 1]) {
        if ((neighbour & 0x7fff) > 0x7bff || (neighbour ^ bits) & 0x8000) continue;
        const other = Math.abs(decodeOne(neighbour) - value);
        expect(error < other || (error === other && (bits & 1) === 0)).toBe(true);
      }
    }),
    { numRuns: 5000 },
  );
});

test('bfloat16 keeps eight bits of significand, nearest', () => {
  fc.assert(
    fc.property(
      fc.float({ noNaN: true, noDefaultInfinity: true, max: Math.fround(3e38), min: Math.fround(-3e38) }),
      (value) => {
        const bits = new Uint16Array(1);
        const back = new Float32Array(1);
        encodeBfloat16(Float32Array.of(value), bits);
        decodeBfloat16(bits, back);
        expect(Math.abs(back[0]! - value)).toBeLessThanOrEqual(Math.max(Math.abs(value) * 2 ** -8, 2 ** -134));
      },
    ),
  );
  const nan = new Uint16Array(1);
  encodeBfloat16(Float32Array.of(Number.NaN), nan);
  const back = new Float32Array(1);
  decodeBfloat16(nan, back);
  expect(back[0]).toBeNaN();
});
