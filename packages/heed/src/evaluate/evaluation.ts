/**
 * The type of `runs/<id>/evaluation.json`. The other files of this folder compute the parts of the evaluation, and the
 * report shows these parts.
 */
import type { Interval } from '../statistics/index.ts';

/** The two questions for raters, asked separately (section 4.2 of the paper). */
export const QUESTIONS = ['alignment', 'fidelity'] as const;
export type Question = (typeof QUESTIONS)[number];

/** The answers to a question, from the treated side's point of view. */
export const OUTCOMES = ['win', 'tie', 'lose'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * The result for a prompt category: over all prompts, and separately for objects that the labelled data contains and
 * lacks.
 */
export interface CategorySummary extends Interval {
  readonly seen?: Interval;
  readonly unseen?: Interval;
}

/** The share of images that show everything in their prompt, as judged by the recogniser. */
export interface AlignmentSummary extends Interval {
  readonly byCategory: Readonly<Record<string, CategorySummary>>;
}

/**
 * Distances between generated images and new renders of the demo world, in its CLIP embeddings. These distances are not
 * FID.
 */
export interface Fidelity {
  readonly frechet: number;
  readonly cmmd: number;
  /** Jackknife intervals over captions; absent in files of older versions. */
  readonly intervals?: { readonly frechet: Interval; readonly cmmd: Interval };
}

/** A prompt of the evaluation. All lists with one item per prompt have the order of the evaluation's prompts. */
export interface EvaluatedPrompt {
  readonly text: string;
  readonly category: string;
  readonly holdout: boolean;
}

/** A judge's figure for one arm. */
export interface ArmFigure extends Interval {
  /** Number of images from which the figure was computed, or number of prompts if each prompt has one value. */
  readonly count: number;
  readonly byCategory: Readonly<Record<string, Interval>>;
}

/** The difference of a figure between two models, paired by prompt. */
export interface Difference {
  readonly treated: string;
  readonly baseline: string;
  readonly interval: Interval;
}

/** The unit of a figure: a share of images from 0 to 1, or a number on its own scale. */
export type FigureUnit = 'share' | 'number';

/**
 * One figure for all arms, by one judge. Intervals are over prompts: by bootstrap, or by jackknife for distances
 * between sets.
 */
export interface Figure {
  readonly id: string;
  readonly label: string;
  /** The judge: 'people', 'CLIP', a reward, the pixels, or the recogniser of the emoji world. */
  readonly judge: string;
  readonly unit: FigureUnit;
  /** Figures by arm name; an arm that was not judged is absent. */
  readonly arms: Readonly<Record<string, ArmFigure>>;
  readonly differences: readonly Difference[];
}

/** One way of generating the images of a prompt: a model alone, or a model with best-of-n by reward. */
export interface ArmResult {
  readonly name: string;
  readonly label: string;
  readonly model: string;
  readonly modelHash: string;
  readonly images: number;
  /** Ids in the image store: [prompt][image]. */
  readonly imageIds: readonly (readonly string[])[];
  /** Alignment as the project's world judged it; absent when it has no recogniser. */
  readonly alignment?: AlignmentSummary;
  /** For each attribute, the share of images that show the attribute right, among images whose prompts ask for it. */
  readonly perAttribute?: Readonly<Record<string, Interval>>;
  readonly reward?: Interval;
  readonly fidelity?: Fidelity;
}

/** An arm that the world's recogniser has judged. */
export type JudgedArm = ArmResult & Required<Pick<ArmResult, 'alignment' | 'perAttribute'>>;

/** The arms that the world's recogniser has judged; none in a project without one. */
export function judgedArms(arms: readonly ArmResult[]): JudgedArm[] {
  return arms.filter((arm): arm is JudgedArm => arm.alignment !== undefined && arm.perAttribute !== undefined);
}

/** The label for people of the arm with this name. */
export function armLabel(arms: readonly ArmResult[], name: string): string {
  return arms.find((arm) => arm.name === name)?.label ?? name;
}

/**
 * The share of each rater's votes with one answer, as mean and standard deviation over raters (tables 5 to 7 of the
 * paper).
 */
export interface VoteShare {
  readonly mean: number;
  readonly deviation: number;
}

/** One cell of the paper's tables 5 to 7. */
export interface VoteCell {
  readonly category: string;
  readonly seen: boolean;
  readonly queries: number;
  readonly shares: Readonly<Record<Outcome, VoteShare>>;
}

/** The answers to one question over all queries of a comparison. */
export interface VoteSummary {
  /** Number of votes for each answer, over all queries and raters. */
  readonly votes: Readonly<Record<Outcome, number>>;
  /** For each answer, the share of queries on which at least `agreement` raters gave that answer. */
  readonly agreed: Readonly<Record<Outcome, number>>;
  /** histogram[outcome][k]: the number of queries on which exactly k raters gave this answer. */
  readonly histogram: Readonly<Record<Outcome, readonly number[]>>;
  readonly cells: readonly VoteCell[];
}

/** Blind comparisons of two arms, prompt by prompt. */
export interface Comparison {
  readonly treated: string;
  readonly baseline: string;
  readonly queries: number;
  readonly raters: number;
  /** Number of raters who must give the same answer before a query is called decided. */
  readonly agreement: number;
  readonly setSize: number;
  readonly answers: Readonly<Record<Question, VoteSummary>>;
}

/** Images that several arms generated from the same prompt and seed, by image id. */
export interface GalleryItem {
  readonly prompt: string;
  readonly category: string;
  readonly seen: boolean;
  readonly seed: number;
  /** Images by arm. `correct` is the recogniser's judgement, absent when the world has no recogniser. */
  readonly images: Readonly<Record<string, { readonly image: string; readonly correct?: boolean }>>;
}

export interface EvaluationSettings {
  readonly seed: number;
  readonly prompts: number;
  readonly imagesPerPrompt: number;
  readonly bestOf: number;
  readonly raters: number;
  readonly fidelityImages: number;
  readonly sampler: string;
  readonly steps: number;
  readonly guidanceScale: number;
}

/** `runs/<id>/evaluation.json`. */
export interface Evaluation {
  readonly version: 2;
  readonly run: string;
  readonly time: string;
  readonly settings: EvaluationSettings;
  /** The project's world: 'emoji' has a recogniser and simulated raters, 'none' has neither. */
  readonly world: string;
  readonly prompts: readonly EvaluatedPrompt[];
  readonly arms: readonly ArmResult[];
  /** Figures that do not change after the run. People's judgements are added when the file is read (`people.ts`). */
  readonly figures: readonly Figure[];
  /**
   * Differences in the share of aligned images by the world's recogniser, paired by prompt. Empty without a recogniser.
   */
  readonly differences: readonly Difference[];
  /** Blind comparisons by the world's simulated raters. Empty when there are none. */
  readonly comparisons: readonly Comparison[];
  readonly gallery: readonly GalleryItem[];
  /** Images of the base and the tuned model on prompts outside the trained categories, for a visual check only. */
  readonly others: readonly GalleryItem[];
  /** Sentences on what was not measured, and why. */
  readonly notes: readonly string[];
}

/** Names of the arms whose images a reward chose among the baseline's images. */
const CHOSEN: readonly string[] = ['bestOf', 'pruned'];

/** True for a model's arm; false for an arm whose images a reward chose. */
export function isModelArm({ name }: Pick<ArmResult, 'name'>): boolean {
  return !CHOSEN.includes(name);
}

/** The arm of that name, or undefined. */
export function armOf(evaluation: Evaluation, name: string): ArmResult | undefined {
  return evaluation.arms.find((arm) => arm.name === name);
}
