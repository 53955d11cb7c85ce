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
  /** Whether raters choose one image, or none, as the best; the other marks follow from the choice. */
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
  /**
   * The phase of the page. 'explaining' follows an answer in the practice round. In 'waiting' and 'finished' the page
   * asks for queries again by itself.
   */
  phase: 'loading' | 'asking' | 'explaining' | 'waiting' | 'finished' | 'failed';
  query?: ShownQuery | undefined;
  marks: (Mark | undefined)[];
  /** Index of the image that keys act on. */
  current: number;
  answered: number;
  open: number;
  medianSeconds?: number | undefined;
  /** The completion code, which a rater who is done needs to be paid. */
  completion?: Completion | undefined;
  paidInSeconds?: number | undefined;
  /** Number of comparisons that the rater may still be asked. */
  openComparisons?: number | undefined;
  canUndo: boolean;
  /** While explaining, the right answer; absent until the server has sent it. */
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
