/**
 * Draws one metric of metrics.jsonl over the tuning steps: the values in a pale colour, and the running mean of these
 * values on top.
 */
import * as Plot from '@observablehq/plot';
import { metricTitle } from '../../metrics/metric-titles.ts';
import type { Markup } from '../html.ts';
import type { TrainingCurve } from '../report-input.ts';
import { draw } from './draw.ts';
import { runColours } from './palette.ts';

/**
 * Draws the chart of `metric`; returns undefined when no curve has at least two values of this metric, or all values
 * are 0.
 */
export function trainingChart(curves: readonly TrainingCurve[], metric: string): Markup | undefined {
  const rows = curves.flatMap(({ label, records }) =>
    records.flatMap((record) => {
      const value = record[metric];
      return typeof value === 'number' && Number.isFinite(value) ? [{ label, step: Number(record.step), value }] : [];
    }),
  );
  if (rows.length < 2 || rows.every(({ value }) => value === 0)) return undefined;
  const longest = Math.max(...curves.map(({ records }) => records.length));
  const labels = curves.map(({ label }) => label);
  return draw(`${metricTitle(metric)} over steps`, {
    width: 440,
    height: 200,
    marginLeft: 66,
    marginTop: 24,
    marginBottom: 40,
    x: { label: 'step', labelAnchor: 'center', labelArrow: 'none' },
    y: { grid: true, label: null, nice: true, ticks: 5 },
    color: { domain: labels, range: runColours(labels) },
    marks: [
      Plot.lineY(rows, { x: 'step', y: 'value', z: 'label', stroke: 'label', strokeOpacity: 0.25, strokeWidth: 1 }),
      Plot.lineY(
        rows,
        Plot.windowY({
          k: Math.max(1, Math.round(longest / 12)),
          x: 'step',
          y: 'value',
          z: 'label',
          stroke: 'label',
          strokeWidth: 1.8,
        }),
      ),
    ],
  });
}
