/**
 * Bilinear resizing of a picture to float planes with torch's rule: `interpolate(mode="bilinear",
 * align_corners=False)`, which does not widen its filter when it shrinks. Sampling positions are rounded to float32
 * where torch rounds them.
 */
import type { RgbImage } from './rgb-image.ts';

/** For each output position along one axis: the two neighbouring input positions, and the weight of the second one. */
interface Taps {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float32Array;
}

/**
 * Writes the picture's three planes, each `side` x `side` numbers in [0, 1], to `target` [3, side, side]. The bytes are
 * divided by 255 first, as torchvision's ToTensor does.
 */
export function resizeBilinear({ width, height, data }: RgbImage, target: Float32Array, side: number): void {
  if (target.length !== 3 * side * side) {
    throw new Error(`resizeBilinear: expected ${3 * side * side} numbers to write to, got ${target.length}`);
  }
  const [columns, rows] = [taps(width, side), taps(height, side)];
  const line = 3 * side;
  // The last two rows of the picture that were brought to the new width, channels side by side.
  const kept = [new Float64Array(line), new Float64Array(line)] as const;
  const keptRow = [-1, -1];
  const widened = (row: number, other: number): Float64Array => {
    const known = keptRow.indexOf(row);
    if (known >= 0) return kept[known]!;
    const slot = keptRow[0] === other ? 1 : 0;
    widenRow(data, 3 * width * row, columns, kept[slot]!);
    keptRow[slot] = row;
    return kept[slot]!;
  };
  const area = side * side;
  for (let y = 0; y < side; y++) {
    const [upper, lower, share] = [rows.first[y]!, rows.second[y]!, rows.weight[y]!];
    const above = widened(upper, lower);
    const below = widened(lower, upper);
    const keep = 1 - share;
    for (let channel = 0; channel < 3; channel++) {
      const start = channel * area + y * side;
      for (let x = 0, i = channel; x < side; x++, i += 3) target[start + x] = keep * above[i]! + share * below[i]!;
    }
  }
}

function widenRow(data: Uint8Array, start: number, { first, second, weight }: Taps, line: Float64Array): void {
  for (let x = 0, i = 0; x < first.length; x++) {
    const left = start + 3 * first[x]!;
    const right = start + 3 * second[x]!;
    const share = weight[x]!;
    const keep = 1 - share;
    for (let channel = 0; channel < 3; channel++, i++) {
      line[i] = keep * UNIT[data[left + channel]!]! + share * UNIT[data[right + channel]!]!;
    }
  }
}

/** Each byte divided by 255. */
const UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Computes positions and weights as torch's `compute_source_index_and_lambda` does for float32
 * (aten/src/ATen/native/UpSample.h).
 */
function taps(from: number, to: number): Taps {
  const result = { first: new Int32Array(to), second: new Int32Array(to), weight: new Float32Array(to) };
  const scale = Math.fround(from / to);
  for (let position = 0; position < to; position++) {
    const middle = Math.fround(scale * Math.fround(position + 0.5));
    const place = from === to ? position : Math.max(0, Math.fround(middle - 0.5));
    const first = Math.min(Math.floor(place), from - 1);
    result.first[position] = first;
    result.second[position] = Math.min(first + 1, from - 1);
    result.weight[position] = Math.min(1, Math.max(0, place - first));
  }
  return result;
}
