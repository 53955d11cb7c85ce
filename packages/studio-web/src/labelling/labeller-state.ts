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
  /** Whether this is a practice query, after which the page shows the correct answer. */
  isPractice: boolean;
  /**
   * Whether the rater chooses the best image, or none, instead of marking each image; the marks follow from the choice.
   */
  asksBest: boolean;
}

/** The rater's last action, which the screen reader announces and the line under the images shows. */
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
  /**
   * The phase of the page. After an answer in the practice round, 'explaining' shows the correct answer. In 'waiting'
   * and 'finished' the page asks for queries again by itself.
   */
  phase: 'loading' | 'asking' | 'explaining' | 'waiting' | 'finished' | 'failed';
  query?: ShownQuery | undefined;
  marks: (Mark | undefined)[];
  /** Index of the image that the keyboard shortcuts mark. */
  current: number;
  answered: number;
  open: number;
  medianSeconds?: number | undefined;
  /**
   * The completion code, which a rater enters on the recruiting platform to be paid; undefined until the rater has
   * earned it.
   */
  completion?: Completion | undefined;
  paidInSeconds?: number | undefined;
  /** Number of comparison queries that the rater may still be asked. */
  openComparisons?: number | undefined;
  canUndo: boolean;
  /** The correct answer during the phase 'explaining'; undefined until the server has sent it. */
  explanation?: PracticeFeedback | undefined;
  /** A hint for the rater, shown until the next answer. */
  hint?: 'tooFast' | 'practiceIsOver' | undefined;
  message?: LabellerMessage | undefined;
  problem?: LabellerProblem | undefined;
}

/** Holds the state and applies changes to it. */
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
