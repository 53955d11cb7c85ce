// Where the objects of a scene stand: in loose rows or columns with random gaps, never touching and never a fixed grid,
// so that how many there are is beyond dispute.
import type { RandomGenerator } from '@heed/diffusion/autodiff';
import { between, chance, pick } from '../sampling.ts';
import type { Count } from '../vocabulary.ts';

/** A box in whole pixels, `left` and `top` its upper left corner. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Width and height of something to place. */
export interface Extent {
  readonly width: number;
  readonly height: number;
}

/** Margin in pixels at the canvas' edge, which leaves room for an outline. */
const MARGIN = 1;

/** Number of objects in each row, by total count. Each arrangement of rows is also used transposed, as columns. */
const ROWS: Readonly<Record<Count, readonly (readonly number[])[]>> = {
  1: [[1]],
  2: [[2], [1, 1]],
  3: [
    [1, 2],
    [2, 1],
    [1, 1, 1],
  ],
  4: [
    [2, 2],
    [1, 2, 1],
    [1, 3],
    [3, 1],
  ],
  5: [
    [2, 3],
    [3, 2],
    [2, 1, 2],
    [1, 3, 1],
  ],
  6: [
    [3, 3],
    [1, 2, 3],
    [3, 2, 1],
    [2, 1, 3],
  ],
};

/**
 * Places the boxes on a square canvas, with at least `gap` pixels between two boxes and one pixel to the canvas' edge.
 * Returns undefined when the random arrangement does not fit; the caller retries with smaller boxes.
 */
export function placeBoxes(
  extents: readonly Extent[],
  { canvasSize, gap, random }: { canvasSize: number; gap: number; random: RandomGenerator },
): Box[] | undefined {
  const partition = pick(random, ROWS[extents.length as Count]);
  const sideways = chance(random, 0.5);
  const rows = cut(
    extents.map((e) => (sideways ? { width: e.height, height: e.width } : e)),
    partition,
  );
  const rowHeights = loosen(
    rows.map((row) => Math.max(...row.map((e) => e.height))),
    canvasSize,
    gap,
    random,
  );
  const tops = spread(rowHeights, canvasSize, gap, random);
  if (!tops) return undefined;
  const boxes: Box[] = [];
  for (const [r, row] of rows.entries()) {
    const widths = row.map((e) => e.width);
    const lefts = spread(widths, canvasSize, gap, random);
    if (!lefts) return undefined;
    for (const [i, { width, height }] of row.entries()) {
      const left = lefts[i]!;
      const top = tops[r]! + random.integer(rowHeights[r]! - height + 1);
      boxes.push(sideways ? { left: top, top: left, width: height, height: width } : { left, top, width, height });
    }
  }
  return boxes;
}

/** Makes rows higher by a random part of the free space, so that objects are not aligned. */
function loosen(heights: readonly number[], room: number, gap: number, random: RandomGenerator): number[] {
  const slack = room - 2 * MARGIN - total(heights) - gap * (heights.length - 1);
  const share = (Math.max(0, slack) / heights.length) * between(random, 0.2, 0.8);
  return heights.map((height) => height + Math.floor(share));
}

/** Cuts a list into consecutive parts of the given lengths. */
function cut<T>(items: readonly T[], lengths: readonly number[]): T[][] {
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return items.slice(start - length, start);
  });
}

/**
 * Start positions of consecutive intervals with these lengths. The free space is distributed at random between and
 * around them.
 */
function spread(lengths: readonly number[], room: number, gap: number, random: RandomGenerator): number[] | undefined {
  const slack = room - 2 * MARGIN - total(lengths) - gap * (lengths.length - 1);
  if (slack < 0) return undefined;
  const shares = [...lengths, 0].map(() => between(random, 0.25, 1));
  const whole = total(shares);
  let used = 0;
  let taken = 0;
  return lengths.map((length, i) => {
    used += shares[i]!;
    const start = MARGIN + Math.round((used / whole) * slack) + taken;
    taken += length + gap;
    return start;
  });
}

function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
