/**
 * The state of the comparing page, and functions that return the changes of the state after an answer. The functions
 * are pure: they read no clock, make no requests and contain no texts.
 */
import type { Completion } from '../labelling/labelling-api.ts';
import type { ShownImage } from '../parts/prepared-image.ts';
import { type Preference, QUESTION_NAMES, type Question } from './questions.ts';

export interface ShownComparison {
  id: string;
  prompt: string;
  left: ShownImage[];
  right: ShownImage[];
}

export type Said = Partial<Record<Question, Preference>>;

/** The rater's last action, which the screen reader announces and the line under the images shows. */
export type ComparerMessage =
  | { kind: 'said'; question: Question; preference: Preference }
  | { kind: 'takenBack' | 'restored' | 'answered' | 'othersWereFaster' };

export interface ComparerProblem {
  kind: 'failed' | 'answerRefused' | 'undoRefused';
  reason: unknown;
}

export interface ComparerState {
  /** The phase of the page; in 'waiting' and 'finished' the page asks for queries again by itself. */
  phase: 'loading' | 'asking' | 'waiting' | 'finished' | 'failed';
  query?: ShownComparison | undefined;
  said: Said;
  /** The question to which the keyboard shortcuts give an answer. */
  current: Question;
  canUndo: boolean;
  answered: number;
  open: number;
  completion?: Completion | undefined;
  paidInSeconds?: number | undefined;
  message?: ComparerMessage | undefined;
  problem?: ComparerProblem | undefined;
}

export const FIRST_STATE: ComparerState = {
  phase: 'loading',
  said: {},
  current: 'alignment',
  canUndo: false,
  answered: 0,
  open: 0,
};

/** The changes that show a query, with the answers in `said` filled in. */
export function shown({ problem }: ComparerState, query: ShownComparison, said: Said = {}): Partial<ComparerState> {
  const kept = problem?.kind === 'failed' ? undefined : problem;
  return { phase: 'asking', query, said, current: 'alignment', problem: kept };
}

/** The changes after the rater answered one question; the first unanswered question becomes the current one. */
export function saying(
  { said, current }: ComparerState,
  { question, preference }: { question: Question; preference: Preference },
): Partial<ComparerState> {
  const now = { ...said, [question]: preference };
  return {
    canUndo: true,
    said: now,
    current: QUESTION_NAMES.find((name) => now[name] === undefined) ?? current,
    message: { kind: 'said', question, preference },
  };
}

/** The changes that clear the answer to the last answered question; undefined when no question is answered. */
export function forgettingLast(
  { said }: ComparerState,
  { hasPast }: { hasPast: boolean },
): Partial<ComparerState> | undefined {
  const last = QUESTION_NAMES.findLast((name) => said[name] !== undefined);
  if (last === undefined) return undefined;
  const { [last]: _, ...rest } = said;
  const canUndo = hasPast || Object.keys(rest).length > 0;
  return { said: rest, current: last, canUndo, message: { kind: 'takenBack' } };
}

/** The answers to both questions; undefined until both questions are answered. */
export function wholeAnswer({ said }: ComparerState): Record<Question, Preference> | undefined {
  const { alignment, fidelity } = said;
  return alignment === undefined || fidelity === undefined ? undefined : { alignment, fidelity };
}

/** The changed counts of answered and open queries after an answer (1) or an undo (-1). */
export function counting({ answered, open }: ComparerState, by: 1 | -1): Pick<ComparerState, 'answered' | 'open'> {
  return { answered: answered + by, open: Math.max(0, open - by) };
}
