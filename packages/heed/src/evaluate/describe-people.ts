/** What people said, as sentences: the headline of an evaluation wherever it is shown. */
import { armLabel, type Evaluation, QUESTIONS, type Question } from './evaluation.ts';
import { formatDifference, formatFigure } from './format-figure.ts';
import type { PeopleComparison, PeopleFindings } from './people.ts';

/** 'fits the prompt better', 'looks better'. */
const BETTER: Readonly<Record<Question, string>> = { alignment: 'fits the prompt better', fidelity: 'looks better' };

/** One sentence for each comparison and question that has answers, one for single images, or how to begin. */
export function describePeople({ figure, people, comparisons, note }: PeopleFindings, { arms }: Evaluation): string[] {
  if (note !== undefined) return [`People: ${note}.`];
  const lines = comparisons.flatMap((comparison) => describeComparison(comparison, (name) => armLabel(arms, name)));
  if (!figure) return lines;
  const shares = arms.flatMap(({ name, label }) =>
    figure.arms[name] ? [`${label} ${formatFigure(figure.arms[name], 'share')}`] : [],
  );
  return [...lines, `Good in the eyes of ${people} ${people === 1 ? 'person' : 'people'}: ${shares.join(', ')}.`];
}

function describeComparison(comparison: PeopleComparison, label: (arm: string) => string): string[] {
  const { treated, baseline, queries, complete, people, questions } = comparison;
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const lines = QUESTIONS.flatMap((question) => {
    const found = questions[question];
    if (!found) return [];
    return `${label(treated)} ${BETTER[question]} than ${label(baseline)} in ${percent(found.win.mean)} of the answers, worse in ${percent(found.lose.mean)}; difference ${formatDifference(found.difference, 'share')}.`;
  });
  if (lines.length === 0)
    return [`People: the comparison of ${label(treated)} and ${label(baseline)} has no answer yet.`];
  return [
    ...lines,
    `Answered by ${people} ${people === 1 ? 'person' : 'people'}; ${complete} of ${queries} prompts are complete.`,
  ];
}
