/**
 * Plots alignment against distance to real pictures: one point for each method, and a line through the Pareto-optimal
 * ones.
 */
import * as Plot from '@observablehq/plot';
import { draw } from '../report/charts/draw.ts';
import type { Markup } from '../report/html.ts';
import type { MethodComparison } from './summary.ts';

const COLOURS = ['var(--accent)', 'var(--amber)', 'var(--violet)', 'var(--rose)', 'var(--blue)', 'var(--accent-soft)'];

/** Colour of a method, by its position in `names`; the base model is grey. */
export function methodColour(name: string, names: readonly string[]): string {
  const others = names.filter((each) => each !== 'base');
  return name === 'base' ? 'var(--grey)' : COLOURS[others.indexOf(name) % COLOURS.length]!;
}

/**
 * The chart; undefined when fewer than two methods have a distance. Dots show a model's plain samples, and rings its
 * samples with best-of-n.
 */
export function paretoChart({ points, alignmentJudge, unit, distanceName }: MethodComparison): Markup | undefined {
  const rows = points.flatMap(({ name, label, alignment, bestOf, distance, isEfficient }) =>
    distance ? [{ name, label, isEfficient, distance, alignment, bestOf }] : [],
  );
  if (rows.length < 2) return undefined;
  const names = points.map(({ name }) => name);
  const singles = points.flatMap(({ name, runs }) =>
    runs.flatMap(({ alignment, distance }) => (distance === undefined ? [] : [{ name, alignment, distance }])),
  );
  const front = rows.filter(({ isEfficient }) => isEfficient).sort((a, b) => a.distance.mean - b.distance.mean);
  const x = (row: { distance: { mean: number } }) => row.distance.mean;
  return draw('Alignment against distance to real pictures, a point for each method', {
    width: 780,
    height: 420,
    marginLeft: 56,
    marginRight: 24,
    marginBottom: 44,
    inset: 22,
    x: {
      label: `${distanceName} distance (less is better)`,
      labelAnchor: 'center',
      labelArrow: 'none',
      grid: true,
      nice: true,
    },
    y: {
      label: `${alignmentJudge.split(',')[0]}${unit === 'share' ? ', %' : ''} (more is better)`,
      labelArrow: 'none',
      grid: true,
      nice: true,
      ...(unit === 'share' ? { percent: true } : {}),
    },
    color: { domain: names, range: names.map((name) => methodColour(name, names)) },
    marks: [
      Plot.line(front, { x, y: ({ alignment }) => alignment.mean, stroke: 'currentColor', strokeOpacity: 0.35 }),
      Plot.ruleX(rows, {
        x,
        y1: ({ alignment }) => alignment.lo,
        y2: ({ alignment }) => alignment.hi,
        stroke: 'name',
        strokeWidth: 1.5,
      }),
      Plot.ruleX(rows, {
        x,
        y1: ({ bestOf }) => bestOf.lo,
        y2: ({ bestOf }) => bestOf.hi,
        stroke: 'name',
        strokeWidth: 1,
        strokeOpacity: 0.6,
      }),
      Plot.ruleY(rows, {
        y: ({ alignment }) => alignment.mean,
        x1: ({ distance }) => distance.lo,
        x2: ({ distance }) => distance.hi,
        stroke: 'name',
        strokeWidth: 1.5,
      }),
      Plot.dot(singles, {
        x: 'distance',
        y: ({ alignment }) => alignment.mean,
        fill: 'name',
        r: 2.5,
        fillOpacity: 0.6,
      }),
      Plot.dot(rows, { x, y: ({ alignment }) => alignment.mean, fill: 'name', r: 6 }),
      Plot.dot(rows, {
        x,
        y: ({ bestOf }) => bestOf.mean,
        stroke: 'name',
        fill: 'var(--card)',
        r: 5,
        strokeWidth: 2,
      }),
    ],
  });
}
