/**
 * Draws the counterparts of the paper's figures 3(a) and 3(b): the accuracy of each score on held-out pairs, with
 * intervals. The dashed line marks the accuracy of random guessing.
 */
import * as Plot from '@observablehq/plot';
import { PART_NAMES } from '../claims.ts';
import type { Markup } from '../html.ts';
import type { RewardAccuracy } from '../report-input.ts';
import { draw } from './draw.ts';
import { rewardColour } from './palette.ts';

const ORDER = ['clip', 'plain', 'half', 'aux'];

interface Row {
  readonly part: string;
  readonly variant: string;
  readonly label: string;
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
}

/** Draws the chart; returns undefined when no accuracy was measured. */
export function rewardChart(rewards: readonly RewardAccuracy[]): Markup | undefined {
  const sorted = [...rewards].sort((a, b) => ORDER.indexOf(a.variant) - ORDER.indexOf(b.variant));
  const rows = sorted.flatMap((reward): Row[] =>
    (['seen', 'unseen'] as const).flatMap((part) => {
      const accuracy = reward[part];
      if (!accuracy) return [];
      const { mean, lo, hi, n } = accuracy;
      const name = `${PART_NAMES[part]} (${n} pairs)`;
      return [
        { part: name, variant: reward.variant, label: reward.label, mean: 100 * mean, lo: 100 * lo, hi: 100 * hi },
      ];
    }),
  );
  if (rows.length === 0) return undefined;
  return draw('Reward accuracy on held-out pairs', {
    width: 900,
    height: 330,
    marginBottom: 58,
    marginLeft: 56,
    marginTop: 44,
    x: { domain: sorted.map((r) => r.label), label: null, padding: 0.25 },
    fx: { label: null, padding: 0.08, labelOffset: 30 },
    y: {
      domain: [0, 110],
      ticks: [0, 20, 40, 60, 80, 100],
      grid: true,
      label: 'accuracy, %',
      labelArrow: 'none',
      labelAnchor: 'center',
    },
    color: { domain: sorted.map((r) => r.variant), range: sorted.map((r) => rewardColour(r.variant)) },
    marks: [
      Plot.axisX({ label: null, tickSize: 0, lineWidth: 7 }),
      Plot.barY(rows, { fx: 'part', x: 'label', y: 'mean', fill: 'variant', rx: 2 }),
      Plot.ruleX(rows, { fx: 'part', x: 'label', y1: 'lo', y2: 'hi', stroke: 'currentColor', strokeWidth: 1.5 }),
      Plot.text(rows, {
        fx: 'part',
        x: 'label',
        y: 'hi',
        text: (row: Row) => row.mean.toFixed(1),
        dy: -9,
        fill: 'currentColor',
      }),
      Plot.ruleY([50], { stroke: 'currentColor', strokeDasharray: '3 3', strokeOpacity: 0.6 }),
      Plot.ruleY([0]),
    ],
  });
}
