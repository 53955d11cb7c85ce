/**
 * What an evaluation says: the shape of `runs/<id>/evaluation.json`. Who computes each part is in the
 * files beside, and how it is drawn is the report's business.
 */
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

/** Distances between generated images and fresh renders, on the world's own CLIP embeddings: not FID. */
export interface Fidelity {
  readonly frechet: number;
  readonly cmmd: number;
}

/** One way of making the images of a prompt: a model, or a model with a choice by reward. */
export interface ArmResult {
  readonly name: string;
  readonly label: string;
  readonly model: string;
  readonly modelHash: string;
  readonly images: number;
  readonly alignment: AlignmentSummary;
  /** The share of images in which each attribute that was asked for is right. */
  readonly perAttribute: Readonly<Record<string, Interval>>;
  readonly reward?: Interval;
  readonly fidelity?: Fidelity;
}

/** How people are told of an arm that differences and comparisons name. */
export function armLabel(arms: readonly ArmResult[], name: string): string {
  return arms.find((arm) => arm.name === name)?.label ?? name;
}

/** Mean over raters of the share of their votes, and the standard deviation over raters (tables 5 to 7 of the paper). */
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
  readonly images: Readonly<Record<string, { readonly image: string; readonly correct: boolean }>>;
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
  readonly version: 1;
  readonly run: string;
  readonly time: string;
  readonly settings: EvaluationSettings;
  /** Who judged: always simulated raters and the world's recogniser, never people. */
  readonly judges: 'simulated';
  readonly arms: readonly ArmResult[];
  /** Paired by prompt, in the share of aligned images. */
  readonly differences: readonly { readonly treated: string; readonly baseline: string; readonly interval: Interval }[];
  readonly comparisons: readonly Comparison[];
  readonly gallery: readonly GalleryItem[];
}

/** The arm of that name, or undefined. */
export function armOf(evaluation: Evaluation, name: string): ArmResult | undefined {
  return evaluation.arms.find((arm) => arm.name === name);
}
