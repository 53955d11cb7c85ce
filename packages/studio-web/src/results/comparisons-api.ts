/** The pages' requests for comparisons, and the types of the responses. */
import { api, read } from '../api/client.ts';

export const loadComparisons = () => read(api.comparisons.$get());
export type Comparisons = Awaited<ReturnType<typeof loadComparisons>>;
export type ShownComparison = Comparisons['comparisons'][number];
export type ShownPair = ShownComparison['pairs'][number];
export type QuestionResult = ShownPair['questions']['alignment'];

/** The questions in the order of display. */
export const QUESTIONS = [
  ['alignment', 'Fits the text better'],
  ['fidelity', 'Looks better'],
] as const;
export type QuestionName = (typeof QUESTIONS)[number][0];

export const OUTCOMES = ['win', 'tie', 'lose'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Loads the prompts of the comparison for which answers exist, with the images that were compared. */
export const loadPrompts = (id: string) => read(api.comparisons[':id'].prompts.$get({ param: { id } }));
export type AnsweredPrompt = Awaited<ReturnType<typeof loadPrompts>>['pairs'][number][number];
