/** Curves over steps: every value faint, the running mean on top, and the values at the pointer. */
import { type PointerEvent, useState } from 'react';
import { linearScale, tickText, valueText } from './scale.ts';

export interface Series {
  readonly name: string;
  /** Step and value, in the order of the steps. */
  readonly points: readonly (readonly [number, number])[];
}

interface LineChartProps {
  title: string;
  series: readonly Series[];
  /** What the steps are. */
  xName?: string;
}

const [WIDTH, HEIGHT] = [440, 222];
const EDGE = { left: 60, right: 24, top: 12, bottom: 46 };
/** More points than pixels are only slow. */
const POINTS_DRAWN = 400;
/** The window of the running mean, as a share of the curve's length. */
const SMOOTHED_SHARE = 1 / 12;

export function LineChart({ title, series, xName = 'step' }: LineChartProps) {
  const [pointed, setPointed] = useState<number>();
  const shown = series
    .map(({ name, points }, place) => ({ name, place, points: points.filter(([, value]) => Number.isFinite(value)) }))
    .filter(({ points }) => points.length > 0);
  const all = shown.flatMap(({ points }) => points);
  if (all.length === 0) return null;
  const steps = all.map(([step]) => step);
  const values = all.map(([, value]) => value);
  const x = linearScale([least(steps), most(steps)], [EDGE.left, WIDTH - EDGE.right], { isNice: false });
  const y = linearScale([least(values), most(values)], [HEIGHT - EDGE.bottom, EDGE.top], { count: 4 });
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * WIDTH;
    setPointed(steps.reduce((best, step) => (Math.abs(x(step) - at) < Math.abs(x(best) - at) ? step : best)));
  };
  const last = shown.map(({ name, points }) => `${shown.length > 1 ? `${name}: ` : ''}${valueText(points.at(-1)![1])}`);
  return (
    <figure className="chart">
      <figcaption>
        {title}
        <span className="chart-value">
          {pointed === undefined
            ? `now ${last.join(', ')}`
            : `step ${pointed}: ${shown.map(({ points }) => valueAt(points, pointed)).join(', ')}`}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${title} over ${most(steps)} steps, now ${last.join(', ')}`}
        onPointerMove={point}
        onPointerLeave={() => setPointed(undefined)}
      >
        {y.ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(tick)} y2={y(tick)} />
            <text className="chart-tick" x={EDGE.left - 8} y={y(tick)} textAnchor="end" dominantBaseline="middle">
              {tickText(tick)}
            </text>
          </g>
        ))}
        {(steps.every((step) => step === steps[0]) ? steps.slice(0, 1) : x.ticks).map((tick) => (
          <text key={tick} className="chart-tick" x={x(tick)} y={HEIGHT - EDGE.bottom + 18} textAnchor="middle">
            {tickText(tick)}
          </text>
        ))}
        <text className="chart-axis" x={(EDGE.left + WIDTH - EDGE.right) / 2} y={HEIGHT - 8} textAnchor="middle">
          {xName}
        </text>
        {shown.map(({ name, place, points }) => {
          const drawn = thin(points);
          const path = (from: readonly (readonly [number, number])[]) =>
            from.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
          return (
            <g key={name} className={`series-${(place % 5) + 1}`}>
              <polyline className="chart-line is-faint" points={path(drawn)} />
              <polyline className="chart-line" points={path(smooth(drawn))} />
              {points.length === 1 && (
                <circle className="chart-dot" cx={x(points[0]![0])} cy={y(points[0]![1])} r={3} />
              )}
            </g>
          );
        })}
        {pointed !== undefined && (
          <line className="chart-pointer" x1={x(pointed)} x2={x(pointed)} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} />
        )}
      </svg>
    </figure>
  );
}

/** The colours of curves by name; nothing for a single one. */
export function Legend({ names }: { names: readonly string[] }) {
  if (names.length < 2) return null;
  return (
    <ul className="legend">
      {names.map((name, i) => (
        <li key={name} className={`series-${(i % 5) + 1}`}>
          {name}
        </li>
      ))}
    </ul>
  );
}

function valueAt(points: Series['points'], step: number): string {
  const near = points.reduce((best, each) => (Math.abs(each[0] - step) < Math.abs(best[0] - step) ? each : best));
  return valueText(near[1]);
}

function thin(points: Series['points']): Series['points'] {
  const every = Math.ceil(points.length / POINTS_DRAWN);
  return points.filter((_, i) => i % every === 0 || i === points.length - 1);
}

function smooth(points: Series['points']): Series['points'] {
  const reach = Math.max(0, Math.round((points.length * SMOOTHED_SHARE) / 2));
  return points.map(([step], i) => {
    const near = points.slice(Math.max(0, i - reach), i + reach + 1);
    return [step, near.reduce((total, [, value]) => total + value, 0) / near.length] as const;
  });
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b));
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b));
}
