/**
 * Draws, for each compared arm, the share of images that are aligned with their prompts, with intervals. The chart
 * shows all prompts and each category.
 */
import * as Plot from '@observablehq/plot';
import type { JudgedArm } from '../../evaluate/evaluation.ts';
import type { Markup } from '../html.ts';
import { draw } from './draw.ts';
import { armColour } from './palette.ts';

interface Row {
  readonly group: string;
  readonly arm: string;
  readonly mean: number;
  readonly lo: number;
  readonly hi: number;
}

export function alignmentChart(arms: readonly JudgedArm[]): Markup {
  const categories = [...new Set(arms.flatMap((arm) => Object.keys(arm.alignment.byCategory)))];
  const groups = ['all prompts', ...categories];
  const rows = arms.flatMap((arm): Row[] =>
    groups.flatMap((group) => {
      const summary = group === 'all prompts' ? arm.alignment : arm.alignment.byCategory[group];
      if (!summary) return [];
      return [{ group, arm: arm.label, mean: 100 * summary.mean, lo: 100 * summary.lo, hi: 100 * summary.hi }];
    }),
  );
  return draw('Share of aligned images by arm and category', {
    height: 78 + 26 * arms.length * groups.length,
    width: 900,
    marginLeft: 150,
    marginBottom: 42,
    marginRight: 60,
    x: { domain: [0, 100], label: 'aligned images, %', grid: true, labelAnchor: 'center', labelArrow: 'none' },
    y: { domain: arms.map((arm) => arm.label), label: null, tickSize: 0 },
    fy: { domain: groups, label: null, axis: null, padding: 0.18 },
    color: { domain: arms.map((arm) => arm.label), range: arms.map((arm) => armColour(arm.name)) },
    marks: [
      Plot.barX(rows, {
        fy: 'group',
        y: 'arm',
        x: 'mean',
        fill: 'arm',
        fillOpacity: 0.9,
        insetTop: 1,
        insetBottom: 1,
        rx: 2,
      }),
      Plot.ruleY(rows, { fy: 'group', y: 'arm', x1: 'lo', x2: 'hi', stroke: 'currentColor', strokeWidth: 1.5 }),
      Plot.text(rows, {
        fy: 'group',
        y: 'arm',
        x: 'hi',
        text: (row: Row) => row.mean.toFixed(1),
        textAnchor: 'start',
        dx: 6,
        fill: 'currentColor',
      }),
      Plot.text(groups, {
        fy: (group: string) => group,
        text: (group: string) => group,
        frameAnchor: 'top-left',
        dx: -150,
        dy: -13,
        fontWeight: 'bold',
        textAnchor: 'start',
      }),
      Plot.ruleX([0]),
    ],
  });
}
