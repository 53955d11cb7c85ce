/** Figures 4 and 6: what share of all votes went where, and on how many queries how many raters agreed. */
import * as Plot from '@observablehq/plot';
import type { Comparison, Outcome } from '../../evaluate/evaluation.ts';
import { OUTCOMES, QUESTIONS } from '../../evaluate/evaluation.ts';
import type { Markup } from '../html.ts';
import { draw } from './draw.ts';
import { OUTCOME_COLOURS } from './palette.ts';

const COLOUR_SCALE = {
  type: 'ordinal' as const,
  domain: [...OUTCOMES],
  range: OUTCOMES.map((outcome) => OUTCOME_COLOURS[outcome]),
};

/** One stacked bar a question: win, tie and lose as shares of all votes. */
export function voteShareChart(comparison: Comparison): Markup {
  const rows = QUESTIONS.flatMap((question) => {
    const { votes } = comparison.answers[question];
    const total = Math.max(1, votes.win + votes.tie + votes.lose);
    let from = 0;
    return OUTCOMES.map((outcome) => {
      const share = (100 * votes[outcome]) / total;
      const row = { question, outcome, from, to: from + share, share };
      from += share;
      return row;
    });
  });
  return draw('Share of votes', {
    width: 640,
    height: 112,
    marginLeft: 80,
    x: { domain: [0, 100], label: 'share of votes, %', labelAnchor: 'center', labelArrow: 'none' },
    y: { domain: [...QUESTIONS], label: null, tickSize: 0, padding: 0.25 },
    color: COLOUR_SCALE,
    marks: [
      Plot.barX(rows, { y: 'question', x1: 'from', x2: 'to', fill: 'outcome', insetRight: 1 }),
      Plot.text(
        rows.filter((row) => row.share >= 4),
        {
          y: 'question',
          x: (row: { from: number; to: number }) => (row.from + row.to) / 2,
          text: (row: { share: number }) => row.share.toFixed(0),
          fill: (row: { outcome: Outcome }) => (row.outcome === 'tie' ? 'tie-text' : 'text'),
          className: 'on-bar',
        },
      ),
    ],
  });
}

/** How many queries got exactly k votes of each kind; the shaded part is where raters agree. */
export function voteHistogram(comparison: Comparison, question: (typeof QUESTIONS)[number]): Markup {
  const { histogram } = comparison.answers[question];
  const rows = OUTCOMES.flatMap((outcome) =>
    histogram[outcome].map((queries, votes) => ({
      outcome,
      votes,
      share: (100 * queries) / Math.max(1, comparison.queries),
    })),
  );
  return draw(`Histogram of votes on ${question}`, {
    width: 640,
    height: 190,
    marginLeft: 44,
    marginTop: 26,
    x: {
      label: `raters of ${comparison.raters} who answered so`,
      labelAnchor: 'center',
      labelArrow: 'none',
      tickSize: 0,
      padding: 0.12,
    },
    fx: { domain: [...OUTCOMES], label: null, padding: 0.08 },
    y: { grid: true, label: 'queries, %', labelArrow: 'none', nice: true },
    color: COLOUR_SCALE,
    marks: [
      Plot.barY(rows, {
        fx: 'outcome',
        x: 'votes',
        y: 'share',
        fill: 'outcome',
        fillOpacity: (row: { votes: number }) => (row.votes >= comparison.agreement ? 1 : 0.45),
      }),
      Plot.ruleY([0]),
    ],
  });
}
