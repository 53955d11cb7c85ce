/**
 * The data of a report. Each part may be absent; the report then says what is missing. collect-report.ts reads the data
 * from a project, and render-report.ts renders them.
 */
import type { Evaluation } from '../evaluate/evaluation.ts';
import type { PeopleFindings } from '../evaluate/people.ts';
import type { RewardReport } from '../reward/report.ts';
import type { Interval } from '../statistics/index.ts';

/** The number of labels of each kind in one category of prompts. */
export interface FeedbackRow {
  readonly category: string;
  readonly good: number;
  readonly bad: number;
  readonly skip: number;
}

/** The raters and their labels. */
export interface FeedbackOverview {
  readonly rows: readonly FeedbackRow[];
  readonly simulatedRaters: number;
  readonly humanRaters: number;
}

/** An interval with the number of pairs that it is computed from. */
export type CountedInterval = Interval & { readonly n: number };

/** Accuracy of one score on held-out pairs: the share of pairs in which the good image scores higher. */
export interface RewardAccuracy {
  /** The scorer: a reward variant ('aux', 'plain' or 'half') or 'clip'. */
  readonly variant: string;
  readonly label: string;
  readonly seen?: CountedInterval;
  readonly unseen?: CountedInterval;
  readonly byCategory?: Readonly<Record<string, CountedInterval>>;
  /** The accuracy of 'aux' minus this scorer's accuracy, on the same pairs. */
  readonly auxMinusThis?: { readonly seen?: Interval; readonly unseen?: Interval };
}

/** Further measurements of the reward that was saved (the 'aux' variant). */
export type RewardDetails = Pick<RewardReport, 'trust' | 'rounds' | 'learningCurve' | 'perturbations' | 'leftOut'>;

/** The metrics of one tuning run. */
export interface TrainingCurve {
  readonly run: string;
  readonly label: string;
  readonly records: readonly Readonly<Record<string, number | string>>[];
}

/** One picture of sample images at one tuning step; the grids of all steps use the same prompts and seeds. */
export interface SampleGrid {
  readonly step: number;
  /** PNG or JPEG as a data URI. */
  readonly picture: string;
}

/**
 * Images that two arms of the evaluation made from one prompt and seed. `correct` is the recogniser's judgement of an
 * image.
 */
export interface PicturePair {
  readonly prompt: string;
  readonly seen: boolean;
  readonly seed: number;
  readonly pictures: readonly { readonly label: string; readonly picture: string; readonly correct?: boolean }[];
}

export interface ReportInput {
  readonly title: string;
  readonly time: string;
  /** Facts about the run, shown unchanged: seed, wall time, counts. */
  readonly facts: Readonly<Record<string, string>>;
  readonly feedback?: FeedbackOverview;
  readonly rewards?: readonly RewardAccuracy[];
  readonly rewardDetails?: RewardDetails;
  readonly evaluation?: Evaluation;
  readonly curves?: readonly TrainingCurve[];
  readonly grids?: readonly SampleGrid[];
  readonly gridPrompts?: readonly string[];
  readonly pairs?: readonly PicturePair[];
  /** Image pairs for prompts outside the trained categories. */
  readonly others?: readonly PicturePair[];
  /** The people's judgements that exist when the report is made. */
  readonly people?: PeopleFindings;
}
