/**
 * What marking changes in the state of labelling. Each function returns the changes, or undefined where there are none.
 */
import type { LabellerState } from './labeller-state.ts';
import { bestOf, type Mark, nextUnmarked } from './marks.ts';

type Changes = Partial<LabellerState> | undefined;

/** One image is marked and the next without a mark becomes the current one; or it is chosen as the best. */
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

/** All images get the same mark; where the best is asked for, all good says that none is better. */
export function markAll({ query, phase }: LabellerState, mark: Mark): Changes {
  if (!query || phase !== 'asking') return undefined;
  if (query.asksBest && mark === 'bad') return undefined;
  const message = query.asksBest ? ({ kind: 'tied' } as const) : ({ kind: 'allMarked', mark } as const);
  return { marks: query.images.map(() => mark), message };
}

/** All marks of the query that is shown are taken back, where it has any. */
export function clearMarks({ query, marks }: LabellerState): Changes {
  if (!query || marks.every((mark) => mark === undefined)) return undefined;
  return { marks: query.images.map(() => undefined), current: 0, message: { kind: 'cleared' } };
}

/** Every image has a mark. */
export function isMarked({ marks }: LabellerState): boolean {
  return marks.length > 0 && marks.every((mark) => mark !== undefined);
}
