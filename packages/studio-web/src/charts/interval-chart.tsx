/** Shares with their intervals, a row each: where two things stand, and whether their intervals part them. */
import { linearScale } from './scale.ts';

export interface IntervalRow {
  readonly name: string;
  /** One for each of `names`, in their order; absent where nothing was measured. */
  readonly marks: readonly ({ readonly mean: number; readonly lo: number; readonly hi: number } | undefined)[];
}

interface IntervalChartProps {
  title: string;
  names: readonly string[];
  rows: readonly IntervalRow[];
  /** Where chance stands. */
  chance: number;
  chanceName: string;
}

const WIDTH = 720;
const EDGE = { left: 210, right: 60, top: 8, bottom: 40 };
const ROW = 34;

export function IntervalChart({ title, names, rows, chance, chanceName }: IntervalChartProps) {
  const height = EDGE.top + rows.length * ROW + EDGE.bottom;
  const x = linearScale([0, 100], [EDGE.left, WIDTH - EDGE.right]);
  const bottom = height - EDGE.bottom;
  return (
    <figure className="chart is-wide">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={title}>
        {x.ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={x(tick)} x2={x(tick)} y1={EDGE.top} y2={bottom} />
            <text className="chart-tick" x={x(tick)} y={bottom + 16} textAnchor="middle">
              {tick}
            </text>
          </g>
        ))}
        <line className="chart-chance" x1={x(100 * chance)} x2={x(100 * chance)} y1={EDGE.top} y2={bottom} />
        <text className="chart-tick" x={x(100 * chance)} y={bottom + 32} textAnchor="middle">
          {chanceName}
        </text>
        {rows.map(({ name, marks }, row) => {
          const middle = EDGE.top + ROW * (row + 0.5);
          return (
            <g key={name}>
              <text className="chart-name" x={EDGE.left - 14} y={middle} textAnchor="end" dominantBaseline="middle">
                {name}
              </text>
              {marks.map((mark, i) => {
                if (mark === undefined) return null;
                const at = middle + (i - (marks.length - 1) / 2) * 13;
                return (
                  <g key={names[i]} className={`series-${i + 1}`}>
                    <line className="chart-interval" x1={x(100 * mark.lo)} x2={x(100 * mark.hi)} y1={at} y2={at} />
                    <circle className="chart-dot" cx={x(100 * mark.mean)} cy={at} r={4.5} />
                    <text className="chart-number" x={x(100 * mark.hi) + 8} y={at} dominantBaseline="middle">
                      {(100 * mark.mean).toFixed(1)}
                    </text>
                  </g>
                );
              })}
            </g>
          );
        })}
      </svg>
    </figure>
  );
}
