/** Table 3 as a picture: what each way of tuning buys in reward and what it costs in fidelity. */
import * as Plot from '@observablehq/plot';
import type { ArmResult } from '../../evaluate/evaluation.ts';
import type { Markup } from '../html.ts';
import { draw } from './draw.ts';
import { armColour } from './palette.ts';

/** Undefined for fewer than two arms with both numbers. */
export function tradeoffChart(arms: readonly ArmResult[]): Markup | undefined {
  const rows = arms.flatMap(({ name, label, fidelity, reward }) =>
    fidelity && reward
      ? [{ name, label, frechet: fidelity.frechet, reward: reward.mean, lo: reward.lo, hi: reward.hi }]
      : [],
  );
  if (rows.length < 2) return undefined;
  return draw('Mean reward against Fréchet distance', {
    width: 640,
    height: 280,
    marginLeft: 52,
    marginRight: 130,
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
      Plot.text(rows, { x: 'frechet', y: 'reward', text: 'label', dx: 11, textAnchor: 'start', fill: 'currentColor' }),
    ],
  });
}
