/**
 * Draws the counterparts of the paper's figures 4 and 6. One chart shows the shares of win, tie and lose votes. The
 * other shows on what share of the queries a given number of raters gave the same answer.
 */
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

/** Draws one stacked bar for each question: win, tie and lose as shares of all votes. */
export function voteShareChart(comparison: Comparison): Markup {
  const rows = QUESTIONS.flatMap((question): Segment[] => {
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
    width: 720,
    height: 118,
    marginLeft: 80,
    marginBottom: 40,
    x: { domain: [0, 100], label: 'share of votes, %', labelAnchor: 'center', labelArrow: 'none' },
    y: { domain: [...QUESTIONS], label: null, tickSize: 0, padding: 0.25 },
    color: COLOUR_SCALE,
    marks: [
      Plot.barX(rows, { y: 'question', x1: 'from', x2: 'to', fill: 'outcome', insetRight: 1 }),
      barText(rows, (row) => row.outcome !== 'tie', 'var(--on-bar)'),
      barText(rows, (row) => row.outcome === 'tie', 'var(--on-tie)'),
    ],
  });
}

interface Segment {
  readonly question: string;
  readonly outcome: Outcome;
  readonly from: number;
  readonly to: number;
  readonly share: number;
}

/** Writes the share in the middle of each chosen segment that is wide enough for the text. */
function barText(rows: readonly Segment[], chosen: (row: Segment) => boolean, fill: string): Plot.Text {
  return Plot.text(
    rows.filter((row) => row.share >= 4 && chosen(row)),
    {
      y: 'question',
      x: (row: Segment) => (row.from + row.to) / 2,
      text: (row: Segment) => row.share.toFixed(0),
      fill,
    },
  );
}

/**
 * Draws, in one row per question, the share of queries that got k win, tie or lose votes, for each k. Bars of full
 * opacity have at least `comparison.agreement` equal votes, so the raters agree on these queries.
 */
export function voteHistogram(comparison: Comparison): Markup {
  const rows = QUESTIONS.flatMap((question) =>
    OUTCOMES.flatMap((outcome) =>
      comparison.answers[question].histogram[outcome].map((queries, votes) => ({
        question,
        outcome,
        votes,
        share: (100 * queries) / Math.max(1, comparison.queries),
      })),
    ),
  );
  return draw('Histogram of votes on both questions', {
    width: 720,
    height: 260,
    marginLeft: 44,
    marginRight: 72,
    marginTop: 30,
    marginBottom: 40,
    x: {
      label: `raters of ${comparison.raters} who answered so`,
      labelAnchor: 'center',
      labelArrow: 'none',
      tickSize: 0,
      padding: 0.12,
    },
    fx: { domain: [...OUTCOMES], label: null, padding: 0.08 },
    fy: { domain: [...QUESTIONS], label: null, padding: 0.18 },
    y: { grid: true, label: 'queries, %', labelArrow: 'none', nice: true, ticks: 3 },
    color: COLOUR_SCALE,
    marks: [
      Plot.barY(rows, {
        fx: 'outcome',
        fy: 'question',
        x: 'votes',
        y: 'share',
        fill: 'outcome',
        fillOpacity: (row: { votes: number }) => (row.votes >= comparison.agreement ? 1 : 0.45),
      }),
      Plot.ruleY([0]),
    ],
  });
}
