/** Marks of the images of one query. */
/** The mark of one image. */
export type Mark = 'good' | 'bad';

/** The image to go to after `index`: the next without a mark, else the first without one, else the same. */
export function nextUnmarked(marks: readonly (Mark | undefined)[], index: number): number {
  const after = marks.findIndex((mark, i) => mark === undefined && i > index);
  if (after !== -1) return after;
  const first = marks.indexOf(undefined);
  return first === -1 ? index : first;
}

/** The marks where the image at `index` is the best: it is good, and the others are bad beside it. */
export function bestOf(marks: readonly unknown[], index: number): Mark[] {
  return marks.map((_, i) => (i === index ? 'good' : 'bad'));
}
