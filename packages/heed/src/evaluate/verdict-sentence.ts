/** The headline of a blind comparison, with the same words in the terminal, the report and the studio. */
import type { Interval } from '../statistics/index.ts';
import type { Question } from './evaluation.ts';

/** The words for a better result, by question. */
const BETTER: Readonly<Record<Question, string>> = { alignment: 'fits the prompt better', fidelity: 'looks better' };

/**
 * The counts that a verdict sentence states, such as the number of prompts on which most people prefer the treated
 * model.
 */
export interface SpokenVerdict {
  readonly prompts: number;
  readonly win: Interval;
  readonly lose: Interval;
  readonly difference: Interval;
}

/** 'tuned fits the prompt better than base in 48 % of 120 prompts, worse in 11 %; difference +37 points [28, 46].' */
export function verdictSentence(
  { prompts, win, lose, difference }: SpokenVerdict,
  { question, treated, baseline }: { question: Question; treated: string; baseline: string },
): string {
  const percent = (share: number) => (100 * share).toFixed(0);
  const { mean, lo, hi } = difference;
  const points = `${mean > 0 ? '+' : ''}${percent(mean)} points [${percent(lo)}, ${percent(hi)}]`;
  const of = `${prompts} ${prompts === 1 ? 'prompt' : 'prompts'}`;
  return `${treated} ${BETTER[question]} than ${baseline} in ${percent(win.mean)} % of ${of}, worse in ${percent(lose.mean)} %; difference ${points}.`;
}

/** Headings for the strengths of more than two models, by question. */
const BY_QUESTION: Readonly<Record<Question, string>> = { alignment: 'Fits the prompt', fidelity: 'Looks' };

/**
 * 'Fits the prompt, strongest first (Bradley-Terry log odds): second +0.62 [0.31, 0.95], first +0.10 [-0.20, 0.41].'
 */
export function strengthSentence(
  strengths: readonly { readonly name: string; readonly strength: Interval }[],
  question: Question,
): string {
  const text = (value: number) => value.toFixed(2);
  const models = strengths.map(
    ({ name, strength: { mean, lo, hi } }) => `${name} ${mean > 0 ? '+' : ''}${text(mean)} [${text(lo)}, ${text(hi)}]`,
  );
  return `${BY_QUESTION[question]}, strongest first (Bradley-Terry log odds): ${models.join(', ')}.`;
}
