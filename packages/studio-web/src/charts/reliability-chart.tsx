/** A reliability diagram: what share people called good where the reward says so much, and of how many images. */
import { linearScale } from './scale.ts';

export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly images: number;
  readonly reward?: number | undefined;
  readonly label?: { readonly mean: number; readonly lo: number; readonly hi: number } | undefined;
}

const [WIDTH, PLOT, COUNTS] = [420, 300, 70];
const EDGE = { left: 56, right: 16, top: 12, gap: 26, bottom: 40 };
const COUNTS_TOP = EDGE.top + PLOT + EDGE.gap;
const HEIGHT = COUNTS_TOP + COUNTS + EDGE.bottom;

export function ReliabilityChart({ bins }: { bins: readonly ReliabilityBin[] }) {
  const x = linearScale([0, 1], [EDGE.left, WIDTH - EDGE.right]);
  const y = linearScale([0, 1], [EDGE.top + PLOT, EDGE.top]);
  const highest = Math.max(1, ...bins.map(({ images }) => images));
  const count = linearScale([0, highest], [COUNTS_TOP + COUNTS, COUNTS_TOP], { isNice: false });
  const points = bins.flatMap(({ reward, label }) => (reward === undefined || !label ? [] : [{ reward, label }]));
  return (
    <figure className="chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="Reliability diagram; its numbers are in the table">
        {y.ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y(tick)} y2={y(tick)} />
            <text className="chart-tick" x={EDGE.left - 8} y={y(tick)} textAnchor="end" dominantBaseline="middle">
              {Math.round(100 * tick)}
            </text>
          </g>
        ))}
        <text className="chart-axis" x={-(EDGE.top + PLOT / 2)} y={14} textAnchor="middle" transform="rotate(-90)">
          called good, %
        </text>
        <line className="chart-chance" x1={x(0)} x2={x(1)} y1={y(0)} y2={y(1)} />
        <g className="series-1">
          <polyline
            className="chart-line"
            points={points.map(({ reward, label }) => `${x(reward)},${y(label.mean)}`).join(' ')}
          />
          {points.map(({ reward, label }) => (
            <g key={reward}>
              <line className="chart-interval" x1={x(reward)} x2={x(reward)} y1={y(label.lo)} y2={y(label.hi)} />
              <circle className="chart-dot" cx={x(reward)} cy={y(label.mean)} r={4.5} />
            </g>
          ))}
          {bins.map(({ from, to, images }) => (
            <g key={from}>
              <rect
                className="chart-bar"
                x={x(from) + 1}
                width={x(to) - x(from) - 2}
                y={count(images)}
                height={COUNTS_TOP + COUNTS - count(images)}
              />
              {images > 0 && (
                <text className="chart-tick" x={(x(from) + x(to)) / 2} y={count(images) - 4} textAnchor="middle">
                  {images}
                </text>
              )}
            </g>
          ))}
        </g>
        <line
          className="chart-base"
          x1={EDGE.left}
          x2={WIDTH - EDGE.right}
          y1={COUNTS_TOP + COUNTS}
          y2={COUNTS_TOP + COUNTS}
        />
        {x.ticks.map((tick) => (
          <text key={tick} className="chart-tick" x={x(tick)} y={COUNTS_TOP + COUNTS + 16} textAnchor="middle">
            {tickText(tick)}
          </text>
        ))}
        <text className="chart-axis" x={(EDGE.left + WIDTH - EDGE.right) / 2} y={HEIGHT - 4} textAnchor="middle">
          reward, and how many images have it
        </text>
      </svg>
    </figure>
  );
}

function tickText(value: number): string {
  return value.toFixed(1);
}
