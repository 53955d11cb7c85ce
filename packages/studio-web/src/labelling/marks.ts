/** Marks of the images of one query. */
/** The mark of one image. */
export type Mark = 'good' | 'bad';

/**
 * Index of the image to select next: the first image without a mark after `index`, else the first without a mark, else
 * `index`.
 */
export function nextUnmarked(marks: readonly (Mark | undefined)[], index: number): number {
  const after = marks.findIndex((mark, i) => mark === undefined && i > index);
  if (after !== -1) return after;
  const first = marks.indexOf(undefined);
  return first === -1 ? index : first;
}

/** The marks of a query whose best image is at `index`: the best image is good, the others are bad. */
export function bestOf(marks: readonly unknown[], index: number): Mark[] {
  return marks.map((_, i) => (i === index ? 'good' : 'bad'));
}
