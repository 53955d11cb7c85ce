/**
 * Functions that compute how the state of the labelling page changes when the rater marks images. Functions that return
 * changes return undefined when nothing changes.
 */
import type { LabellerState } from './labeller-state.ts';
import { bestOf, type Mark, nextUnmarked } from './marks.ts';

type Changes = Partial<LabellerState> | undefined;

/**
 * Marks one image, and selects the next image without a mark. If the query asks for the best image, this image is
 * chosen.
 */
export function markOne(state: LabellerState, { index, mark }: { index: number; mark: Mark }): Changes {
  const { query, marks, phase } = state;
  if (!query || phase !== 'asking' || index < 0 || index >= marks.length) return undefined;
  if (query.asksBest) {
    if (mark === 'bad') return undefined;
    return { marks: bestOf(marks, index), current: index, message: { kind: 'chosen', image: index + 1 } };
  }
  const next = marks.map((earlier, i) => (i === index ? mark : earlier));
  return { marks: next, current: nextUnmarked(next, index), message: { kind: 'marked', image: index + 1, mark } };
}

/** Gives all images the same mark. If the query asks for the best image, 'good' for all means a tie. */
export function markAll({ query, phase }: LabellerState, mark: Mark): Changes {
  if (!query || phase !== 'asking') return undefined;
  if (query.asksBest && mark === 'bad') return undefined;
  const message = query.asksBest ? ({ kind: 'tied' } as const) : ({ kind: 'allMarked', mark } as const);
  return { marks: query.images.map(() => mark), message };
}

/** Clears all marks of the shown query, if it has any. */
export function clearMarks({ query, marks }: LabellerState): Changes {
  if (!query || marks.every((mark) => mark === undefined)) return undefined;
  return { marks: query.images.map(() => undefined), current: 0, message: { kind: 'cleared' } };
}

/** Whether every image has a mark. */
export function isMarked({ marks }: LabellerState): boolean {
  return marks.length > 0 && marks.every((mark) => mark !== undefined);
}
