/** The state of the practice round: whether practice queries are being shown, and which answer is being explained. */
import type { ApiError } from '../api/client.ts';
import type { Acknowledged, LabellingEntry } from './entries.ts';
import type { StateHolder } from './labeller-state.ts';

export interface PracticeRound {
  /** Returns changes of the page's state: a hint if this query is the first one after the practice round. */
  noteShown(query: { readonly isPractice: boolean }): { readonly hint?: 'practiceIsOver' };
  /** Starts the explanation of the answer with this id. */
  explain(answer: string): void;
  /** Handles the server's response to an answer: shows the explanation, or continues if there is none. */
  onAnswered(entry: LabellingEntry, result: Acknowledged | ApiError): void;
  /** Continues after an explanation. */
  goOn(): void;
}

export function createPracticeRound({ state, update }: StateHolder, showNext: () => void): PracticeRound {
  let isPractising = false;
  let explained: string | undefined;
  const goOn = () => {
    if (state.get().phase !== 'explaining') return;
    explained = undefined;
    update({ explanation: undefined, message: undefined });
    showNext();
  };
  return {
    goOn,
    noteShown({ isPractice }) {
      const isOver = isPractising && !isPractice;
      isPractising = isPractice;
      return isOver ? { hint: 'practiceIsOver' } : {};
    },
    explain(answer) {
      explained = answer;
      update({ phase: 'explaining', message: undefined, problem: undefined, hint: undefined });
    },
    onAnswered({ id }, result) {
      if (id !== explained) return;
      // A refused answer, and one that no owner vouches for any more, have no explanation.
      if (result instanceof Error || result.practice === undefined) goOn();
      else update({ explanation: result.practice, message: { kind: 'explained' } });
    },
  };
}
