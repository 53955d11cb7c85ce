/** The state of the labelling page at one moment. Data only. */
import type { ShownImage } from '../parts/prepared-image.ts';
import { createStore, type Store } from '../parts/store.ts';
import type { PracticeFeedback } from './entries.ts';
import type { Completion } from './labelling-api.ts';
import type { Mark } from './marks.ts';

export interface ShownQuery {
  id: string;
  prompt: string;
  images: ShownImage[];
  /** Whether the rater is told the right answer afterwards. */
  isPractice: boolean;
  /** Whether one image, or none, is chosen as the best; the other marks follow. */
  asksBest: boolean;
}

/** The last action, for the screen reader and the line under the images. */
export type LabellerMessage =
  | { kind: 'marked'; image: number; mark: Mark }
  | { kind: 'allMarked'; mark: Mark }
  | { kind: 'chosen'; image: number }
  | { kind: 'cleared' | 'takenBack' | 'answered' | 'skipped' | 'explained' | 'othersWereFaster' | 'tied' };

export interface LabellerProblem {
  kind: 'failed' | 'answerRefused' | 'undoRefused';
  reason: unknown;
}

export interface LabellerState {
  /** 'explaining' follows an answer of the practice round; 'waiting' asks again by itself, and so does 'finished'. */
  phase: 'loading' | 'asking' | 'explaining' | 'waiting' | 'finished' | 'failed';
  query?: ShownQuery | undefined;
  marks: (Mark | undefined)[];
  /** Index of the image that keys act on. */
  current: number;
  answered: number;
  open: number;
  medianSeconds?: number | undefined;
  /** What a rater who is done can show to be paid. */
  completion?: Completion | undefined;
  paidInSeconds?: number | undefined;
  /** Comparisons that the rater may still be asked for. */
  openComparisons?: number | undefined;
  canUndo: boolean;
  /** While explaining: what would have been right; absent until the server has said it. */
  explanation?: PracticeFeedback | undefined;
  /** Something the rater should know, until the next answer. */
  hint?: 'tooFast' | 'practiceIsOver' | undefined;
  message?: LabellerMessage | undefined;
  problem?: LabellerProblem | undefined;
}

/** The state and how it changes. */
export interface StateHolder {
  readonly state: Store<LabellerState>;
  update(changes: Partial<LabellerState>): void;
}

export function createLabellerState(): StateHolder {
  const state = createStore<LabellerState>({
    phase: 'loading',
    marks: [],
    current: 0,
    answered: 0,
    open: 0,
    canUndo: false,
  });
  return { state, update: (changes) => state.set({ ...state.get(), ...changes }) };
}
