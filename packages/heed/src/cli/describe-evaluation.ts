/** An evaluation as tables for the terminal; the page with everything is `heed report`'s. */
import { armLabel, type Evaluation } from '../evaluate/evaluation.ts';
import { formatShare } from '../statistics/interval.ts';
import { formatTable, percent } from './table.ts';

/** Arms with alignment, reward and distances; differences; and what the raters said. */
export function describeEvaluation({ arms, differences, comparisons, run }: Evaluation): string[] {
  const label = (name: string) => armLabel(arms, name);
  const armRows = arms.map(({ label, alignment, reward, fidelity }) => [
    label,
    formatShare(alignment),
    reward === undefined ? '-' : reward.mean.toFixed(3),
    fidelity === undefined ? '-' : fidelity.frechet.toFixed(2),
    fidelity === undefined ? '-' : fidelity.cmmd.toFixed(3),
  ]);
  const differenceRows = differences.map(({ treated, baseline, interval }) => [
    `${label(treated)} minus ${label(baseline)}`,
    formatShare(interval),
  ]);
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
    ...formatTable([['', 'aligned images', 'reward', 'Fréchet', 'CMMD'], ...armRows]),
    '',
    ...formatTable([['difference in aligned images', ''], ...differenceRows]),
    '',
    ...formatTable([['simulated raters, blind', 'question', 'win', 'tie', 'lose'], ...voteRows]),
    '',
    `Judged by simulated raters and the world's recogniser, not by people. Run ${run}; next: heed report`,
  ];
}
