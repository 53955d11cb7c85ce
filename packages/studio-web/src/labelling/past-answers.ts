/** A stack of the rater's last answers, which undo can retract. */
import type { LabellerState, ShownQuery } from './labeller-state.ts';

export interface PastAnswer {
  readonly id: string;
  readonly query: ShownQuery;
  readonly marks: LabellerState['marks'];
}

export interface PastAnswers {
  readonly size: number;
  add(answer: PastAnswer): void;
  takeLast(): PastAnswer | undefined;
}

const STEPS = 50;

export function createPastAnswers(): PastAnswers {
  const list: PastAnswer[] = [];
  return {
    get size() {
      return list.length;
    },
    add(answer) {
      list.push(answer);
      if (list.length > STEPS) list.shift();
    },
    takeLast: () => list.pop(),
  };
}
