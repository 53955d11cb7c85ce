/** Describes people's answers in sentences, for the headline of an evaluation. */
import { armLabel, type Evaluation, QUESTIONS } from './evaluation.ts';
import { formatFigure } from './format-figure.ts';
import type { PeopleComparison, PeopleFindings } from './people.ts';
import { strengthSentence, verdictSentence } from './verdict-sentence.ts';

/**
 * One sentence for each comparison and question with answers, and one for single images. Without answers, the sentence
 * says how to begin.
 */
export function describePeople(findings: PeopleFindings, evaluation: Evaluation): string[] {
  const { comparisons, strengths, note } = findings;
  const label = (name: string) => armLabel(evaluation.arms, name);
  const lines = note === undefined ? comparisons.flatMap((comparison) => describeComparison(comparison, label)) : [];
  const ranks = strengths.map(({ question, models }) =>
    strengthSentence(
      models.map(({ name, strength }) => ({ name: label(name), strength })),
      question,
    ),
  );
  return [...lines, ...ranks, ...describeSingleImages(findings, evaluation)];
}

/** Describes people's judgements of single images. Without judgements, the sentence says how to begin. */
export function describeSingleImages({ figure, people, note }: PeopleFindings, { arms }: Evaluation): string[] {
  if (note !== undefined) return [`People: ${note}.`];
  if (!figure) return [];
  const shares = arms.flatMap(({ name, label }) =>
    figure.arms[name] ? [`${label} ${formatFigure(figure.arms[name], 'share')}`] : [],
  );
  return [`Good in the eyes of ${people} ${people === 1 ? 'person' : 'people'}: ${shares.join(', ')}.`];
}

function describeComparison(comparison: PeopleComparison, label: (arm: string) => string): string[] {
  const { queries, complete, people, verdicts } = comparison;
  const [treated, baseline] = [label(comparison.treated), label(comparison.baseline)];
  const lines = QUESTIONS.flatMap((question) => {
    const verdict = verdicts[question];
    return verdict ? [verdictSentence(verdict, { question, treated, baseline })] : [];
  });
  if (lines.length === 0) return [`People: the comparison of ${treated} and ${baseline} has no answer yet.`];
  return [
    ...lines,
    `Answered by ${people} ${people === 1 ? 'person' : 'people'}; ${complete} of ${queries} prompts are complete.`,
  ];
}
