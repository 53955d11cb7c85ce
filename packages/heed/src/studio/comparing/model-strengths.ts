/** The ranking of a comparison's models: pairwise wins, and Bradley-Terry strengths with intervals. */
import { groupBy } from '../../collections/group-by.ts';
import { outcomeOf } from '../../evaluate/blind-comparison.ts';
import type { Question } from '../../evaluate/evaluation.ts';
import {
  type BootstrapOptions,
  bootstrapStatistics,
  fitBradleyTerry,
  type Interval,
  winShare,
} from '../../statistics/index.ts';
import type { ComparedQuery, ComparisonAnswer } from './comparison-log.ts';

export interface ModelStrength {
  /** Index in the comparison's `models`. */
  readonly model: number;
  /** Bradley-Terry strength in log odds; the mean over all models is 0. */
  readonly strength: Interval;
  /** The share of comparisons with the other models that this model is expected to win. */
  readonly wins: Interval;
}

/** An answer with its pair of models. */
export interface PairedAnswer {
  readonly query: Pick<ComparedQuery, 'prompt' | 'pair'>;
  readonly answer: ComparisonAnswer;
}

/** Points of each model against each other model, indexed by [winner][loser]. A tie gives half a point to both. */
export function countWins(answers: readonly PairedAnswer[], question: Question, models: number): number[][] {
  const wins = Array.from({ length: models }, () => new Array<number>(models).fill(0));
  for (const { query, answer } of answers) {
    const [treated, baseline] = query.pair;
    const points = { win: 1, tie: 0.5, lose: 0 }[outcomeOf(answer[question], answer.treatedIsLeft)];
    wins[treated]![baseline]! += points;
    wins[baseline]![treated]! += 1 - points;
  }
  return wins;
}

/**
 * Returns the models with their strengths, strongest first. The intervals come from a bootstrap over prompts. Empty
 * without answers.
 */
export function modelStrengths(
  answers: readonly PairedAnswer[],
  { question, models, bootstrap }: { question: Question; models: number; bootstrap: BootstrapOptions },
): ModelStrength[] {
  if (answers.length === 0) return [];
  const byPrompt = [...groupBy(answers, ({ query }) => query.prompt).values()].map((own) =>
    countWins(own, question, models),
  );
  let start: readonly number[] | undefined;
  const figures = bootstrapStatistics(
    byPrompt.length,
    (draw) => {
      const { strengths } = fitBradleyTerry(sumOf(byPrompt, draw, models), start === undefined ? {} : { start });
      start ??= strengths;
      return [...strengths, ...strengths.map((_, i) => meanWins(strengths, i))];
    },
    bootstrap,
  );
  return Array.from({ length: models }, (_, model) => ({
    model,
    strength: figures[model]!,
    wins: figures[models + model]!,
  })).sort((a, b) => b.strength.mean - a.strength.mean);
}

function sumOf(wins: readonly (readonly (readonly number[])[])[], draw: Int32Array, models: number): number[][] {
  const total = Array.from({ length: models }, () => new Array<number>(models).fill(0));
  for (const index of draw) {
    for (let i = 0; i < models; i++) {
      for (let j = 0; j < models; j++) total[i]![j]! += wins[index]![i]![j]!;
    }
  }
  return total;
}

function meanWins(strengths: readonly number[], model: number): number {
  const others = strengths.filter((_, i) => i !== model);
  return others.reduce((sum, other) => sum + winShare(strengths[model]! - other), 0) / others.length;
}
