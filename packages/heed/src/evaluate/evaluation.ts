/** The shape of `runs/<id>/evaluation.json`. The files beside compute its parts; the report draws them. */
import type { Interval } from '../statistics/index.ts';

/** The two questions asked of raters, apart (section 4.2 of the paper). */
export const QUESTIONS = ['alignment', 'fidelity'] as const;
export type Question = (typeof QUESTIONS)[number];

/** The answers to a question, from the treated side's point of view. */
export const OUTCOMES = ['win', 'tie', 'lose'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What a prompt of some category came to, all prompts and split by whether the object was in the labelled data. */
export interface CategorySummary extends Interval {
  readonly seen?: Interval;
  readonly unseen?: Interval;
}

/** The share of images that show everything their prompt asks for, as the recogniser sees it. */
export interface AlignmentSummary extends Interval {
  readonly byCategory: Readonly<Record<string, CategorySummary>>;
}

/** Distances between generated images and new renders of the demo world, in its CLIP embeddings. They are not FID. */
export interface Fidelity {
  readonly frechet: number;
  readonly cmmd: number;
  /** The jackknife's, over captions; an older heed wrote none. */
  readonly intervals?: { readonly frechet: Interval; readonly cmmd: Interval };
}

/** A prompt of the evaluation, in the order of every list by prompt. */
export interface EvaluatedPrompt {
  readonly text: string;
  readonly category: string;
  readonly holdout: boolean;
}

/** What a judge says of one arm. */
export interface ArmFigure extends Interval {
  /** Images behind it; prompts where the figure has one value a prompt. */
  readonly count: number;
  readonly byCategory: Readonly<Record<string, Interval>>;
}

/** How much more a model's images have of it than another's, paired by prompt. */
export interface Difference {
  readonly treated: string;
  readonly baseline: string;
  readonly interval: Interval;
}

/** What a figure is measured in: a share of images from 0 to 1, or a number of its scale. */
export type FigureUnit = 'share' | 'number';

/**
 * One figure of all arms, by one judge. Intervals are over prompts: the bootstrap's, of distances between sets the
 * jackknife's.
 */
export interface Figure {
  readonly id: string;
  readonly label: string;
  /** Who or what judged: 'people', 'CLIP', a reward, the pixels, or the recogniser of the emoji world. */
  readonly judge: string;
  readonly unit: FigureUnit;
  /** By the arm's name; an arm that was not judged is absent. */
  readonly arms: Readonly<Record<string, ArmFigure>>;
  readonly differences: readonly Difference[];
}

/** One way of making the images of a prompt: a model, or a model with a choice by reward. */
export interface ArmResult {
  readonly name: string;
  readonly label: string;
  readonly model: string;
  readonly modelHash: string;
  readonly images: number;
  /** Ids in the image store: [prompt][image]. */
  readonly imageIds: readonly (readonly string[])[];
  /** By the recogniser of the project's world; absent where it has none. */
  readonly alignment?: AlignmentSummary;
  /** The share of images in which each attribute that was asked for is right. */
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

/** How people are told of an arm that differences and comparisons name. */
export function armLabel(arms: readonly ArmResult[], name: string): string {
  return arms.find((arm) => arm.name === name)?.label ?? name;
}

/**
 * Mean over raters of the share of their votes, and the standard deviation over raters (tables 5 to 7 of the paper).
 */
export interface VoteShare {
  readonly mean: number;
  readonly deviation: number;
}

/** One cell of tables 5 to 7. */
export interface VoteCell {
  readonly category: string;
  readonly seen: boolean;
  readonly queries: number;
  readonly shares: Readonly<Record<Outcome, VoteShare>>;
}

/** The answers to one question over all queries of a comparison. */
export interface VoteSummary {
  /** Votes, all queries and raters together. */
  readonly votes: Readonly<Record<Outcome, number>>;
  /** Share of queries on which at least `agreement` raters gave this answer. */
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
  /** How many of the raters must agree for a query to count as decided. */
  readonly agreement: number;
  readonly setSize: number;
  readonly answers: Readonly<Record<Question, VoteSummary>>;
}

/** One prompt and seed by several arms; images are ids of the project's store. */
export interface GalleryItem {
  readonly prompt: string;
  readonly category: string;
  readonly seen: boolean;
  readonly seed: number;
  /** By arm. `correct` is the recogniser's word, absent where the world has none. */
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
  /** What does not change after the run. What people say is added when it is read (`people.ts`). */
  readonly figures: readonly Figure[];
  /** By the world's recogniser: the share of aligned images, paired by prompt. Empty where there is no recogniser. */
  readonly differences: readonly Difference[];
  /** By the world's simulated raters. Empty where there are none. */
  readonly comparisons: readonly Comparison[];
  readonly gallery: readonly GalleryItem[];
  /** Base and tuned on prompts outside the trained categories; judged by their looks alone. */
  readonly others: readonly GalleryItem[];
  /** What was not measured, and why. */
  readonly notes: readonly string[];
}

/** Arms whose images a reward has chosen among those of the baseline. */
const CHOSEN: readonly string[] = ['bestOf', 'pruned'];

/** True for a model's arm, false where a reward has chosen among another arm's images. */
export function isModelArm({ name }: Pick<ArmResult, 'name'>): boolean {
  return !CHOSEN.includes(name);
}

/** The arm of that name, or undefined. */
export function armOf(evaluation: Evaluation, name: string): ArmResult | undefined {
  return evaluation.arms.find((arm) => arm.name === name);
}
