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

/** How many stand in each row, by how many there are in all. Each is also used on its side, as columns. */
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
 * Places the boxes on a square canvas with at least `gap` pixels between any two and one to the edge.
 * Returns undefined when the drawn arrangement has no room for them; draw again with smaller ones.
 */
export function placeBoxes(
  extents: readonly Extent[],
  { canvasSize, gap, random }: { canvasSize: number; gap: number; random: RandomGenerator },
): Box[] | undefined {
  const partition = pick(random, ROWS[extents.length as Count]);
  const sideways = chance(random, 0.5);
  const boxes: Box[] = [];
  const rows = cut(
    extents.map((e) => (sideways ? { width: e.height, height: e.width } : e)),
    partition,
  );
  const tops = spread(
    rows.map((row) => Math.max(...row.map((e) => e.height))),
    canvasSize,
    gap,
    random,
  );
  if (!tops) return undefined;
  for (const [r, row] of rows.entries()) {
    const lefts = spread(
      row.map((e) => e.width),
      canvasSize,
      gap,
      random,
    );
    if (!lefts) return undefined;
    const rowHeight = Math.max(...row.map((e) => e.height));
    for (const [i, { width, height }] of row.entries()) {
      const top = tops[r]! + random.integer(rowHeight - height + 1);
      boxes.push(
        sideways
          ? { left: top, top: lefts[i]!, width: height, height: width }
          : { left: lefts[i]!, top, width, height },
      );
    }
  }
  return boxes;
}

/** Cuts a list into consecutive parts of the given lengths. */
function cut<T>(items: readonly T[], lengths: readonly number[]): T[][] {
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return items.slice(start - length, start);
  });
}

/** Starts of intervals of these lengths, in order, the room left over dealt out at random between and around them. */
function spread(lengths: readonly number[], room: number, gap: number, random: RandomGenerator): number[] | undefined {
  const margin = 1;
  const slack = room - 2 * margin - lengths.reduce((a, b) => a + b, 0) - gap * (lengths.length - 1);
  if (slack < 0) return undefined;
  // The outer shares are larger on average, so single objects do not hug the edge.
  const shares = [...lengths, 0].map(() => between(random, 0.25, 1));
  const total = shares.reduce((a, b) => a + b, 0);
  let used = 0;
  let taken = 0;
  return lengths.map((length, i) => {
    used += shares[i]!;
    const start = margin + Math.round((used / total) * slack) + taken;
    taken += length + gap;
    return start;
  });
}
