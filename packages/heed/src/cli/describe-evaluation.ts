/** An evaluation as tables for the terminal; `heed report` makes the full page. */

import { describePeople } from '../evaluate/describe-people.ts';
import { armLabel, type Evaluation } from '../evaluate/evaluation.ts';
import { formatDifference, formatFidelity, formatFigure } from '../evaluate/format-figure.ts';
import type { PeopleFindings } from '../evaluate/people.ts';
import { FEWEST_PROMPTS } from '../reward/trust.ts';
import { percent } from '../text/percent.ts';
import { formatTable } from './table.ts';

/**
 * Shows people's judgements first, then each arm's figures with their judges, then differences, distances and simulated
 * raters' answers.
 */
export function describeEvaluation(evaluation: Evaluation, people: PeopleFindings): string[] {
  const { arms, figures, comparisons, notes, run } = evaluation;
  const label = (name: string) => armLabel(arms, name);
  const shown = [...(people.figure ? [people.figure] : []), ...figures];
  const names = arms.map(({ name }) => name);
  const figureRows = shown.map((figure) => [
    figure.label,
    ...names.map((name) => (figure.arms[name] ? formatFigure(figure.arms[name], figure.unit) : '-')),
    figure.judge,
  ]);
  const differenceRows = shown.flatMap(({ label: figure, unit, differences }) =>
    differences.map(({ treated, baseline, interval }) => [
      figure,
      `${label(treated)} minus ${label(baseline)}`,
      formatDifference(interval, unit),
    ]),
  );
  const distances = arms.flatMap(({ label, fidelity }) => (fidelity ? [[label, ...formatFidelity(fidelity)]] : []));
  const voteRows = comparisons.flatMap(({ treated, baseline, answers, raters, queries }) =>
    Object.entries(answers).map(([question, { votes }]) => {
      const all = Math.max(1, raters * queries);
      return [
        `${label(treated)} against ${label(baseline)}`,
        question,
        ...[votes.win, votes.tie, votes.lose].map((n) => percent(n / all)),
      ];
    }),
  );
  return [
    ...describePeople(people, evaluation),
    '',
    ...formatTable([['', ...arms.map((arm) => arm.label), 'judge'], ...figureRows]),
    '',
    ...formatTable([['difference', '', ''], ...differenceRows]),
    ...(distances.length > 0 ? ['', ...formatTable([['distance by CLIP', 'Fréchet', 'CMMD'], ...distances])] : []),
    ...(voteRows.length > 0
      ? ['', ...formatTable([['simulated raters, blind', 'question', 'win', 'tie', 'lose'], ...voteRows])]
      : []),
    '',
    describeExtent(evaluation),
    ...(notes.length > 0 ? ['', ...notes.map((note) => `Not measured: ${note}.`)] : []),
    '',
    `Run ${run}; next: heed report`,
  ];
}

function describeExtent({ settings: { prompts, imagesPerPrompt } }: Evaluation): string {
  const few = prompts < FEWEST_PROMPTS ? ', which are too few: the intervals are too narrow' : '';
  return `Measured on ${prompts} prompts that are held out or listed for evaluation, ${imagesPerPrompt} images of each; intervals are over prompts${few}.`;
}
