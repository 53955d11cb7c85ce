/** Draws the counterpart of the paper's table 3 as a chart: mean reward against Fréchet distance, one dot per arm. */
import * as Plot from '@observablehq/plot';
import type { ArmResult } from '../../evaluate/evaluation.ts';
import type { Markup } from '../html.ts';
import { draw } from './draw.ts';
import { armColour } from './palette.ts';

interface Row {
  readonly label: string;
  readonly frechet: number;
  readonly reward: number;
  readonly lo: number;
  readonly hi: number;
}

/** Size of a dot's label, and of the plot area within its margins, in pixels. */
const NAME_PX = { width: 150, height: 15 };
const PLOT_PX = { width: 520, height: 180 };

/** Places each dot's label at the height of the dot, or lower if a label placed earlier is in the way. */
function placeNames(rows: readonly Row[]): (Row & { at: number })[] {
  const range = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
  const width = (NAME_PX.width / PLOT_PX.width) * range(rows.map(({ frechet }) => frechet));
  const height = (NAME_PX.height / PLOT_PX.height) * range(rows.flatMap(({ lo, hi }) => [lo, hi]));
  const placed: (Row & { at: number })[] = [];
  for (const row of [...rows].sort((a, b) => b.reward - a.reward)) {
    const near = placed.filter(({ frechet }) => Math.abs(frechet - row.frechet) < width);
    placed.push({ ...row, at: Math.min(row.reward, ...near.map(({ at }) => at - height)) });
  }
  return placed;
}

/** Draws the chart; returns undefined when fewer than two arms have both a reward and a fidelity. */
export function tradeoffChart(arms: readonly ArmResult[]): Markup | undefined {
  const rows = arms.flatMap(({ name, label, fidelity, reward }) =>
    fidelity && reward
      ? [{ name, label, frechet: fidelity.frechet, reward: reward.mean, lo: reward.lo, hi: reward.hi }]
      : [],
  );
  if (rows.length < 2) return undefined;
  return draw('Mean reward against Fréchet distance', {
    width: 780,
    height: 280,
    marginLeft: 52,
    marginRight: 170,
    marginBottom: 42,
    inset: 18,
    x: {
      label: 'Fréchet distance to fresh renders (less is better)',
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
      nice: true,
    },
    y: { label: 'mean reward (more is better)', labelArrow: 'none', grid: true, nice: true },
    color: { domain: rows.map((row) => row.name), range: rows.map((row) => armColour(row.name)) },
    marks: [
      Plot.ruleX(rows, { x: 'frechet', y1: 'lo', y2: 'hi', stroke: 'name', strokeWidth: 1.5 }),
      Plot.dot(rows, { x: 'frechet', y: 'reward', fill: 'name', r: 6 }),
      Plot.text(placeNames(rows), {
        x: 'frechet',
        y: 'at',
        text: 'label',
        dx: 11,
        textAnchor: 'start',
        fill: 'currentColor',
      }),
    ],
  });
}
